// The writes that have begun when a Hub stops are waited for, and not for ever: it must not hang on a store that answers no more.
import { inTime } from '../../in-time.ts'
import type { Logger } from '../../logger.ts'
import { STOP_LIMITS } from './limits.ts'

export async function settledInTime(writes: ReadonlySet<Promise<void>>, logger: Logger): Promise<void> {
  if ((await inTime(STOP_LIMITS.writesMs, Promise.allSettled(writes))) !== 'late') return
  logger.warn({ writes: writes.size }, 'the store does not answer: writes that had begun are given up')
}
