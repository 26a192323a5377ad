// Group commit: while transactions are on their way, what comes meanwhile is gathered for the next. No timer delays a lone
// write, and a busy pool pays one commit for many. Each caller waits until its own write is durable.
import { isRefusal, StoreBusy } from './sql-error.ts'

export interface GroupLimits {
  readonly bytesPerGroupMax: number
  readonly bytesWaitingMax: number
  /** Groups at once: with more than one they become durable in any order. */
  readonly groupsMax: number
}

export interface GroupCommit<T> {
  write(item: T): Promise<void>
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

interface Waiting<T> {
  readonly item: T
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function groupCommit<T>(
  commit: (items: readonly T[], bytes: number) => Promise<void>,
  bytesOf: (item: T) => number,
  limits: GroupLimits,
): GroupCommit<T> {
  const waiting: Waiting<T>[] = []
  let bytesWaiting = 0
  let running = 0
  let isGathering = false
  const idlers: (() => void)[] = []

  const nextGroup = (): Waiting<T>[] => {
    let bytes = 0
    const end = waiting.findIndex((one, i) => (bytes += one.bytes) > limits.bytesPerGroupMax && i > 0)
    return waiting.splice(0, end === -1 ? waiting.length : end)
  }
  const commitAll = async (group: readonly Waiting<T>[]): Promise<void> => {
    try {
      const bytes = group.reduce((sum, one) => sum + one.bytes, 0)
      await commit(
        group.map((one) => one.item),
        bytes,
      )
      for (const one of group) one.resolve()
    } catch (error) {
      // One caller's contradiction must not be its neighbours' failure: alone, each stands for itself.
      if (isRefusal(error) && group.length > 1) for (const one of group) await commitAll([one])
      else for (const one of group) one.reject(error)
    }
  }
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = nextGroup()
      await commitAll(group)
      for (const one of group) bytesWaiting -= one.bytes
    }
    // In the same turn as the look at who waits: whoever comes next starts a run again.
    running--
    if (running === 0 && !isGathering) for (const resolve of idlers.splice(0)) resolve()
  }
  const start = (): void => {
    isGathering = false
    running++
    void run()
  }

  return {
    write(item) {
      const bytes = bytesOf(item)
      if (bytesWaiting + bytes > limits.bytesWaitingMax && bytesWaiting > 0) {
        return Promise.reject(
          new StoreBusy(`${bytesWaiting} bytes wait to be written; the database is too slow for more`),
        )
      }
      bytesWaiting += bytes
      return new Promise((resolve, reject) => {
        waiting.push({ item, bytes, resolve, reject })
        if (isGathering || running >= limits.groupsMax) return
        isGathering = true
        // After this turn of the event loop's microtasks, so that calls made together travel together.
        queueMicrotask(start)
      })
    },
    idle: () => (isGathering || running > 0 ? new Promise<void>((resolve) => idlers.push(resolve)) : Promise.resolve()),
  }
}
