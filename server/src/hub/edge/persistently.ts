// Writes that must not be given up because a database restarts: tried again with growing pauses until they succeed, the
// time is up, or the server closes. Only for writes that may be repeated.
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '../../logger.ts'
import { isRefusal } from '../../store/sql-error.ts'
import { STORE_RETRY_MS, STORE_RETRY_MS_MAX } from './limits.ts'

export interface Persistence {
  readonly what: string
  readonly giveUpMs: number
  readonly logger: Logger
  readonly closing: AbortSignal
  /** Which failures pass with time. Of a write: all but those that the store refuses for what it says. */
  readonly passes?: (error: unknown) => boolean
}

export async function persistently<T>(write: () => Promise<T>, options: Persistence): Promise<T> {
  const { what, giveUpMs, logger, closing, passes = (error) => !isRefusal(error) } = options
  const started = performance.now()
  for (let wait = STORE_RETRY_MS; ; wait = Math.min(wait * 2, STORE_RETRY_MS_MAX)) {
    try {
      return await write()
    } catch (error) {
      if (!passes(error) || closing.aborted || performance.now() - started + wait > giveUpMs) throw error
      logger.error({ err: error, again_ms: wait }, `${what} failed; trying again`)
      await pause(wait, undefined, { signal: closing })
    }
  }
}
