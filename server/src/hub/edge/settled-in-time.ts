// The writes that have begun when a Hub stops are waited for, and not for ever: it must not hang on a store that answers no more.
import type { Logger } from '../../logger.ts'
import { STOP_LIMITS } from './limits.ts'

export async function settledInTime(writes: ReadonlySet<Promise<void>>, logger: Logger): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, STOP_LIMITS.writesMs, 'late')))
  const first = await Promise.race([Promise.allSettled(writes), late])
  clearTimeout(timer)
  if (first !== 'late') return
  logger.warn({ writes: writes.size }, 'the store does not answer: writes that had begun are given up')
}
