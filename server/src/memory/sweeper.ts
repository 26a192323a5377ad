// Removes what has expired, behind everybody's back: it wakes when the next thing's time is over, or after a while, because
// something with an earlier end may have been put meanwhile. Nobody depends on it: what has expired is not there anyway.
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import type { MemoryStore } from '../store/memory.ts'
import type { ObjectStore } from './blob/object-store.ts'

/** The longest sleep: an unswept thing takes room for this much longer at most. */
const SLEEP_MS_MAX = 60_000
/** The shortest: things that expire one after another are swept together. */
const SLEEP_MS_MIN = 1_000

export interface SweeperDeps {
  /** A bounded batch; true when there may be more. */
  sweep(nowMs: number): Promise<boolean>
  nextExpiry(): Promise<number | null>
  readonly clock: () => number
  readonly logger: Logger
  /** Passes the time; rejects when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

export interface Sweeper {
  close(): Promise<void>
}

export function startSweeper(deps: SweeperDeps): Sweeper {
  const closing = new AbortController()
  const running = run(deps, closing.signal)
  return {
    close() {
      closing.abort()
      return running
    },
  }
}

async function run(
  { sweep, nextExpiry, clock, logger, sleep = sleepUnreferenced }: SweeperDeps,
  closed: AbortSignal,
): Promise<void> {
  while (!closed.aborted) {
    let sleepMs = SLEEP_MS_MAX
    try {
      while (!closed.aborted && (await sweep(clock()))) continue
      const next = await nextExpiry()
      if (next !== null) sleepMs = Math.min(SLEEP_MS_MAX, Math.max(SLEEP_MS_MIN, next - clock()))
    } catch (error) {
      if (!closed.aborted) logger.warn({ err: error }, 'expired memory was not swept; it is tried again')
    }
    if (!closed.aborted) await sleep(sleepMs, closed).catch(() => undefined)
  }
}

const sleepUnreferenced = (ms: number, signal: AbortSignal) => pause(ms, undefined, { signal, ref: false })

/** A bounded batch of rows whose time is over, and of objects that nobody needs; true when there may be more. */
export async function sweepMemory(
  store: Pick<MemoryStore, 'sweepMemory' | 'objectsToRemove' | 'objectsRemoved'>,
  objects: Pick<ObjectStore, 'remove'>,
  nowMs: number,
): Promise<boolean> {
  const more = await store.sweepMemory(nowMs)
  const ids = await store.objectsToRemove(nowMs)
  for (const id of ids) await objects.remove(id)
  // Only now: what was removed and is not said to be is removed again, which does nothing.
  await store.objectsRemoved(ids)
  return more || ids.length > 0
}
