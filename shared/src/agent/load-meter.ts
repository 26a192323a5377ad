// Which share of the last ten seconds an engine's lanes worked, from the time that they say they have worked. Takes the
// time as an argument, and keeps a few dozen numbers.

const WINDOW_MS = 10_000
/** Lanes say twice a second how long they have worked. */
const SAMPLE_MS = 500

export interface LoadMeter {
  /** `busyMs`: of all lanes together, ever. A smaller number than before is another engine's, and begins anew. */
  add(nowMs: number, busyMs: number): void
  /** From 0 to 1, of `lanes` lanes; 0 before there is anything to go by. */
  read(nowMs: number, lanes: number): number
}

export function loadMeter(): LoadMeter {
  let samples: { readonly atMs: number; readonly busyMs: number }[] = []
  return {
    add(nowMs, busyMs) {
      const last = samples.at(-1)
      if (last !== undefined && busyMs < last.busyMs) samples = []
      else if (last !== undefined && nowMs - last.atMs < SAMPLE_MS) return
      samples.push({ atMs: nowMs, busyMs })
      // One that is older stays, so that the window is always whole.
      while ((samples[1]?.atMs ?? Infinity) <= nowMs - WINDOW_MS) samples.shift()
    },
    read(nowMs, lanes) {
      const [first] = samples
      const last = samples.at(-1)
      if (first === undefined || last === undefined || lanes === 0) return 0
      const spanMs = Math.max(SAMPLE_MS, nowMs - first.atMs)
      return Math.min(1, (last.busyMs - first.busyMs) / spanMs / lanes)
    },
  }
}
