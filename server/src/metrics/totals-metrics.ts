// What only the store knows: bytes in memory surfaces, and what waits for its signature. Read when a scrape asks, once, and
// within a time; a store that does not answer makes gaps in these curves and none in the others.
import { Gauge, type Registry } from 'prom-client'
import type { StoreTotals } from '../store/totals.ts'

/** Prometheus gives a scrape ten seconds. */
const TOTALS_WITHIN_MS = 2_000

export interface TotalsMetrics {
  /** Before a scrape. */
  read(): Promise<void>
}

export function totalsMetrics(
  registry: Registry,
  totals: () => Promise<StoreTotals> | null,
  clock: () => number,
): TotalsMetrics {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const up = gauge('forge_store_up', 'Whether the store answered this scrape', [])
  const bytes = gauge('forge_memory_bytes', 'Bytes in KV, blobs and VMem, of all projects', ['surface'])
  const unsealed = gauge('forge_sealer_unsealed', 'Documents that wait for their signature or their place in a log', [])
  const lag = gauge('forge_sealer_lag_seconds', 'For how long the oldest of them has waited', [])
  return {
    async read() {
      const found = await within(totals(), TOTALS_WITHIN_MS)
      for (const one of [bytes, unsealed, lag]) one.reset()
      up.set(found === null ? 0 : 1)
      if (found === null) {
        // Without labels a reset gauge is zero, which would say that all is well.
        for (const one of [unsealed, lag]) one.set(Number.NaN)
        return
      }
      bytes.set({ surface: 'kv' }, found.kvBytes)
      bytes.set({ surface: 'blob' }, found.blobBytes)
      bytes.set({ surface: 'vmem' }, found.vmemBytes)
      unsealed.set(found.unsealed)
      const since = found.oldestUnsealedAtMs
      lag.set(since === null ? 0 : Math.max(0, clock() - since) / 1_000)
    },
  }
}

/** Null when it comes too late, or not at all. */
async function within<T>(asked: Promise<T> | null, ms: number): Promise<T | null> {
  if (asked === null) return null
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  try {
    return await Promise.race([asked.catch(() => null), late])
  } finally {
    clearTimeout(timer)
  }
}
