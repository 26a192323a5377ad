// How many units a second an agent did over the last ten seconds, from the shards that it finished. Takes the time as an
// argument and keeps a few dozen numbers, however many shards there are.

const WINDOW_MS = 10_000
const BUCKET_MS = 250
/** Before this much was measured, a speed would only be a guess. */
const LEAST_MS = 500
const WARM_MS = 1000

export interface Speedometer {
  add(nowMs: number, units: number): void
  read(nowMs: number): { readonly unitsPerSecond: number; readonly warm: boolean }
}

export function speedometer(): Speedometer {
  let buckets: { readonly fromMs: number; units: number }[] = []
  let lastMs = -Infinity
  const forget = (nowMs: number): void => {
    buckets = buckets.filter(({ fromMs }) => nowMs - fromMs < WINDOW_MS)
  }
  return {
    add(nowMs, units) {
      const last = buckets.at(-1)
      if (last !== undefined && nowMs - last.fromMs < BUCKET_MS) last.units += units
      else buckets.push({ fromMs: nowMs, units })
      lastMs = nowMs
      forget(nowMs)
    },
    read(nowMs) {
      forget(nowMs)
      const [first] = buckets
      if (first === undefined) return { unitsPerSecond: 0, warm: false }
      const units = buckets.reduce((sum, bucket) => sum + bucket.units, 0)
      const seconds = Math.max(LEAST_MS, nowMs - first.fromMs) / 1000
      return { unitsPerSecond: units / seconds, warm: nowMs - lastMs < WARM_MS }
    },
  }
}
