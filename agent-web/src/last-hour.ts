// What the tab did in the last hour, and why not when it did nothing: stretches of one state each. Takes the time as an
// argument.

export type Doing = 'work' | 'idle' | 'paused'

export interface Stretch {
  readonly doing: Doing
  readonly why: string
  readonly fromMs: number
  readonly untilMs: number
}

export const HOUR_MS = 3_600_000
/** Between two assignments a tab has nothing for some milliseconds; nobody wants to read of those. */
const LEAST_MS = 2000
const STRETCHES_MAX = 200

export interface LastHour {
  /** Undefined: it has not been started, or has stopped. */
  add(nowMs: number, doing: Doing | undefined, why: string): void
  /** In their order; the last one may go on. */
  read(nowMs: number): readonly Stretch[]
}

export function lastHour(): LastHour {
  let stretches: Stretch[] = []
  let current: Stretch | undefined
  const end = (): void => {
    if (current === undefined) return
    const before = stretches.at(-1)
    // Too short to tell: it counts as what was before it.
    if (
      current.untilMs - current.fromMs < LEAST_MS &&
      before !== undefined &&
      current.fromMs - before.untilMs < LEAST_MS
    ) {
      stretches[stretches.length - 1] = { ...before, untilMs: current.untilMs }
    } else if (
      before?.doing === current.doing &&
      before.why === current.why &&
      current.fromMs - before.untilMs < LEAST_MS
    ) {
      stretches[stretches.length - 1] = { ...before, untilMs: current.untilMs }
    } else stretches.push(current)
    if (stretches.length > STRETCHES_MAX) stretches.shift()
    current = undefined
  }
  return {
    add(nowMs, doing, why) {
      if (current) current = { ...current, untilMs: nowMs }
      if (current?.doing === doing && current?.why === why) return
      end()
      if (doing !== undefined) current = { doing, why, fromMs: nowMs, untilMs: nowMs }
    },
    read(nowMs) {
      const since = nowMs - HOUR_MS
      stretches = stretches.filter(({ untilMs }) => untilMs > since)
      const all = current === undefined ? stretches : [...stretches, { ...current, untilMs: nowMs }]
      return all.map((one) => ({ ...one, fromMs: Math.max(one.fromMs, since) }))
    },
  }
}
