// The first page of a project's jobs as server-sent events: what is new or different since the last one, and in which order
// the page is. Looked at once a second, which costs one indexed read, and one more of the contracts of jobs that no list has
// had yet; progress comes from the Hub's memory.
import { setTimeout as pause } from 'node:timers/promises'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { JobFilter } from '../store/job-reads.ts'
import type { RouteDeps } from './deps.ts'
import { summaryViews } from './job-summary.ts'
import { WEB_LIMITS } from './limits.ts'

export interface FollowedList {
  readonly projectId: ProjectId
  readonly filter: JobFilter
  readonly limit: number
}

/** Ends after {@link WEB_LIMITS.streamMsMax}, or when `signal` aborts. */
export async function* followList(
  { projectId, filter, limit }: FollowedList,
  { store, hub, clock }: Pick<RouteDeps, 'store' | 'hub' | 'clock'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const beganMs = clock()
  let saidMs = beganMs
  let told: ReadonlyMap<string, string> | null = null
  yield `retry: ${WEB_LIMITS.streamRetryMs}\n\n`
  while (!signal.aborted && clock() - beganMs < WEB_LIMITS.streamMsMax) {
    const rows = await store.jobsOf(projectId, filter, { after: null, limit })
    const views = await summaryViews(rows, projectId, { store, hub })
    const now = new Map(views.map((view) => [view.job_id, JSON.stringify(view)]))
    const changed = [...now].filter(([id, text]) => told?.get(id) !== text).map(([, text]) => text)
    const ids = [...now.keys()]
    if (told === null || changed.length > 0 || ids.join() !== [...told.keys()].join()) {
      told = now
      saidMs = clock()
      yield `event: jobs\ndata: {"ids":${JSON.stringify(ids)},"changed":[${changed.join(',')}]}\n\n`
    } else if (clock() - saidMs >= WEB_LIMITS.streamHeartbeatMs) {
      saidMs = clock()
      yield ': nothing new\n\n'
    }
    await pause(WEB_LIMITS.streamPollMs, undefined, { signal }).catch(() => undefined)
  }
}
