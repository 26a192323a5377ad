// Jobs that have ended, kept in memory: such a row never changes, which the database itself sees to, so that looking at one
// again needs no query.
import { LRUCache } from 'lru-cache'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { STORE_LIMITS } from './limits.ts'
import type { JobRow } from './store.ts'

export interface FinishedJobs {
  /** `read` for jobs that have not ended, or have not been seen since. */
  job(id: JobId): Promise<JobRow | null>
  /** Whoever ended it knows how it stays. */
  remember(row: JobRow): void
}

export function rememberingFinished(read: (id: JobId) => Promise<JobRow | null>): FinishedJobs {
  const kept = new LRUCache<JobId, JobRow>({
    maxSize: STORE_LIMITS.finishedJobsCharactersMax,
    sizeCalculation: ({ request, answer, ending }) =>
      1 + request.length + (answer?.length ?? 0) + (ending?.length ?? 0),
  })
  const remember = (row: JobRow, id = row.id): void => {
    if (row.finishedAtMs !== null) kept.set(id, row)
  }
  return {
    async job(id) {
      const known = kept.get(id)
      if (known !== undefined) return known
      const row = await read(id)
      if (row !== null) remember(row, id)
      return row
    },
    remember: (row) => remember(row),
  }
}
