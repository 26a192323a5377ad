// Jobs that have ended, kept in memory: such a row never changes, which the database itself sees to, so that looking at one
// again needs no query.
import { LRUCache } from 'lru-cache'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { STORE_LIMITS } from './limits.ts'
import type { JobRow } from './store.ts'

/** `read` for jobs that have not ended, or have not been read since. */
export function rememberingFinished(
  read: (id: JobId) => Promise<JobRow | null>,
): (id: JobId) => Promise<JobRow | null> {
  const kept = new LRUCache<JobId, JobRow>({
    maxSize: STORE_LIMITS.finishedJobsCharactersMax,
    sizeCalculation: ({ request, answer, ending }) =>
      1 + request.length + (answer?.length ?? 0) + (ending?.length ?? 0),
  })
  return async (id) => {
    const known = kept.get(id)
    if (known !== undefined) return known
    const row = await read(id)
    if (row !== null && row.finishedAtMs !== null) kept.set(id, row)
    return row
  }
}
