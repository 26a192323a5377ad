// What a person must know of a job before the figures: why it waits, failed or was cancelled, what a replay gave, notices, warnings.
import { duration, exactTime } from '../format.ts'
import { ProblemNote } from '../parts/problem.tsx'
import { reasonText } from '../parts/reason.ts'
import { Link } from '../router.tsx'
import { words } from '../words.ts'
import { answeredOf, type Shard } from './shards.ts'
import type { Job } from './use-job.ts'

interface FindingsProps {
  readonly job: Job
  readonly shards: readonly Shard[]
  readonly total: number | null
}

export function Findings({ job, shards, total }: FindingsProps) {
  const { replayOf, identical, differs, notices, noticesLink, diedOfTime, again } = words.job
  const { created_at, deadline_at } = job.times
  const timeout = Date.parse(deadline_at) - Date.parse(created_at)
  return (
    <div class="findings">
      {job.status === 'CANCELLED' && <Cancelled job={job} shards={shards} total={total} />}
      {job.status !== 'CANCELLED' && job.problem !== undefined && (
        <ProblemNote problem={{ ...job.problem, detail: reasonText(job.problem.detail) }} />
      )}
      {isOfTime(job) && <p>{diedOfTime(exactTime(deadline_at), duration(timeout))}</p>}
      {Boolean(job.reason) && <p role="status">{reasonText(job.reason ?? '')}</p>}
      {(job.status === 'FAILED' || job.status === 'CANCELLED') && (
        <p>
          <Link class="btn small" to={`/jobs/new?from=${job.job_id}`}>
            {again}
          </Link>
        </p>
      )}
      {job.replay_of !== undefined && (
        <p>
          {replayOf}{' '}
          <Link to={`/jobs/${job.replay_of}`} class="mono">
            {job.replay_of}
          </Link>
          {job.replay !== undefined &&
            `. ${job.replay.identical ? identical : differs(job.replay.differences.length + job.replay.more)}`}
        </p>
      )}
      {job.notices !== undefined && (
        <p>
          {notices(job.notices.count)} <a href={job.notices.href}>{noticesLink}</a>
        </p>
      )}
      {job.warnings?.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
    </div>
  )
}

/** Agents that never came are also seen at the deadline only. */
const isOfTime = ({ problem }: Job): boolean =>
  problem?.code === 'TIMED_OUT' ||
  (problem?.code === 'NO_ELIGIBLE_AGENTS' && problem.detail.startsWith('At the deadline'))

/** No fault of anybody's: whoever cancelled it knows why. Only a key of the project can. */
function Cancelled({ job: { times }, shards, total }: FindingsProps) {
  const { title, who, begun, notBegun, free } = words.job.cancelled
  const { created_at, started_at, finished_at } = times
  const ended = finished_at ?? created_at
  const after = duration(Math.max(0, Date.parse(ended) - Date.parse(created_at)))
  const isRead = total !== null && shards.length === total
  return (
    <section class="say-so" aria-label={title}>
      <p>
        {who(exactTime(ended), after)} {started_at === null ? notBegun : isRead && begun(answeredOf(shards), total)}{' '}
        {free}
      </p>
    </section>
  )
}
