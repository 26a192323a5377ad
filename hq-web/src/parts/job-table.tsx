// Jobs as rows: state, what it is, how far, how it was checked, how old, what it costs. On a phone a row is a small block.
import type { Schema } from '../api.ts'
import { credits, duration, large, shortId } from '../format.ts'
import { Link } from '../router.tsx'
import { words } from '../words.ts'
import { Age } from './age.tsx'
import { State, toneOf } from './glyph.tsx'
import { Heads } from './heads.tsx'
import { reasonText } from './reason.ts'

type Summary = Schema<'ListJobsAnswer'>['jobs'][number]

export const opTitle = (op: string | null): string => words.profiles[op ?? ''] ?? op ?? words.nav.jobs
export const opUnits = (op: string | null): string => words.units[op ?? ''] ?? words.unitFallback

export function JobTable({ jobs, now }: { jobs: readonly Summary[]; now: number }) {
  const { caption, heads } = words.jobs
  return (
    <table class="jobs">
      <caption class="sr">{caption}</caption>
      <Heads of={heads} right={['age', 'cost']} />
      <tbody>
        {jobs.map((job) => (
          <Row key={job.job_id} job={job} now={now} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ job, now }: { job: Summary; now: number }) {
  const { metrics, progress } = job
  return (
    <tr class={`is-${job.status.toLowerCase()}`}>
      <td class="state">
        <State of={job.status} />
      </td>
      <td class="job">
        <Link to={`/jobs/${job.job_id}`}>
          {job.replay_of !== null && `${words.jobs.replayOf} `}
          {opTitle(job.op)}
          {job.asked !== null && `, ${large(job.asked.units)} ${opUnits(job.op)}`}
        </Link>
        <span class="cap">
          <span class="mono" title={job.job_id}>
            {shortId(job.job_id)}
          </span>
          {job.client_job_id !== null && `, ${job.client_job_id}`}
        </span>
        <Why job={job} />
      </td>
      <td class="prog">
        <Progress job={job} />
      </td>
      <td class="chk">
        {metrics !== null && words.jobs.checked(metrics.verified_shards)}
        {progress !== null && progress.to_check > 0 && words.jobs.toCheck(progress.to_check)}
      </td>
      <td class="age r">
        <Age at={job.created_at} now={now} />
      </td>
      <td class="cost r">
        <Cost job={job} />
      </td>
    </tr>
  )
}

function Why({ job }: { job: Summary }) {
  const { problem, reason } = job
  if (job.status === 'CANCELLED') return null
  if (problem === null) return reason === null ? null : <span class="cap">{reasonText(reason)}</span>
  return (
    <span class="cap is-bad">
      <code>{problem.code}</code> {reasonText(problem.detail)}
    </span>
  )
}

function Progress({ job }: { job: Summary }) {
  const { metrics, progress, status } = job
  const [done, all] =
    metrics === null ? [progress?.accepted ?? 0, progress?.shards ?? 0] : [metrics.shards, metrics.shards]
  if (job.finished_at !== null && metrics === null) return <span class="cap">{unfinished(job)}</span>
  return (
    <span class={`pro is-${toneOf(status)}`}>
      <i style={{ '--p': `${all === 0 ? 0 : (100 * done) / all}%` }} />
      <span>{progressText(job)}</span>
    </span>
  )
}

const unfinished = ({ asked }: Summary): string =>
  asked === null ? words.jobs.noResult : words.jobs.unfinished(asked.shards)

function progressText({ metrics, progress }: Summary): string {
  if (metrics !== null) return words.jobs.inTime(metrics.shards, duration(metrics.wall_ms))
  return progress === null ? words.jobs.planning : words.jobs.of(progress.accepted, progress.shards)
}

function Cost({ job }: { job: Summary }) {
  const { reserved, notBilled, test } = words.jobs
  const [amount, note] =
    job.billing === null
      ? job.reserved === null
        ? [0, notBilled]
        : [job.reserved.credits, reserved]
      : [job.billing.credits, '']
  return (
    <>
      {credits(amount)} <span class="cap">{job.mode === 'test' ? test : note}</span>
    </>
  )
}
