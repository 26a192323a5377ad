// A store that cannot do what a request asks: full, too slow, or gone. The client is told so, and when to come again; the log has
// the error.
import { problem } from '@forge/shared/contract/problem.ts'
import { isPassing, isStoreFull, isTooSlow } from '../store/sql-error.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

/** Null for an error of another kind. What only asks has stored nothing, whatever became of it. */
export function storeRefusal(error: unknown, method: string): Refusal | null {
  const isSafe = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  const headers = { 'Retry-After': String(WEB_LIMITS.restartSeconds) }
  if (isStoreFull(error)) {
    const detail = 'There is no room for what this request brings. Send it again once the operator has made some.'
    return new Refusal(problem('STORE_FULL', detail), headers)
  }
  if (isTooSlow(error)) {
    const detail = isSafe
      ? 'The store took too long over it and gave it up. Ask again, or for less.'
      : 'The store took too long over it and gave it up: nothing was stored. Send it again, or ask for less.'
    return new Refusal(problem('STORE_SLOW', detail), headers)
  }
  // It was tried again for some seconds before this.
  if (!isPassing(error)) return null
  const detail = isSafe
    ? 'The store did not answer. Ask again in a moment.'
    : 'Whether this request was stored is not known. Send it again in a moment; a contract with the same ctx.job_id.'
  return new Refusal(problem('STORE_UNAVAILABLE', detail), headers)
}
