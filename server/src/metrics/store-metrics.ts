// How the store fares: how long its calls take, how many writes share a commit, what was tried again and what was given up.
import { Counter, Histogram, type Registry } from 'prom-client'
import type { StoreObserver } from '../store/observer.ts'
import { isPassing, isRefusal, isStoreFull, isTooSlow, StoreBusy } from '../store/sql-error.ts'
import { GROUP_BYTES, GROUP_WRITES, STORE_SECONDS } from './buckets.ts'

export type StoreMetrics = Pick<StoreObserver, 'done' | 'retried' | 'failed' | 'grouped'>

export function storeMetrics(registry: Registry): StoreMetrics {
  const registers = [registry]
  const calls = new Histogram({
    name: 'forge_store_duration_seconds',
    help: 'Calls of the store, their waiting and their further attempts included',
    labelNames: ['kind'],
    buckets: STORE_SECONDS,
    registers,
  })
  const retries = new Counter({
    name: 'forge_store_retries_total',
    help: 'Further attempts, because the database was away or busy',
    registers,
  })
  const errors = new Counter({
    name: 'forge_store_errors_total',
    help: 'Calls that were given up',
    labelNames: ['reason'],
    registers,
  })
  const writes = new Histogram({
    name: 'forge_store_group_writes',
    help: 'Writes that share a commit',
    buckets: GROUP_WRITES,
    registers,
  })
  const sizes = new Histogram({
    name: 'forge_store_group_bytes',
    help: 'Bytes that share a commit',
    buckets: GROUP_BYTES,
    registers,
  })
  for (const reason of REASONS) errors.inc({ reason }, 0)
  return {
    done: (kind, seconds) => calls.observe({ kind }, seconds),
    retried: () => retries.inc(),
    failed: (error) => errors.inc({ reason: reasonOf(error) }),
    grouped(count, bytes) {
      writes.observe(count)
      sizes.observe(bytes)
    },
  }
}

/** `busy`: more waits than may; `slow`: a statement took longer than it may. */
const REASONS = ['away', 'busy', 'full', 'slow', 'refused', 'other'] as const

function reasonOf(error: unknown): (typeof REASONS)[number] {
  if (error instanceof StoreBusy) return 'busy'
  if (isStoreFull(error)) return 'full'
  if (isTooSlow(error)) return 'slow'
  if (isPassing(error)) return 'away'
  return isRefusal(error) ? 'refused' : 'other'
}
