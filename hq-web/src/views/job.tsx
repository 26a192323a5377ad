// One job: state and five figures, the time line, then six bands in the contract's order. It follows the job while it runs.
import { duration, exactTime, large, shortId } from '../format.ts'
import { Actions } from '../job/actions.tsx'
import { Answer } from '../job/answer.tsx'
import { DispatchBand } from '../job/dispatch-band.tsx'
import { Findings } from '../job/findings.tsx'
import { ReceiptBand } from '../job/receipt-band.tsx'
import { ReduceBand } from '../job/reduce-band.tsx'
import { PlanBand, RequestBand } from '../job/request-band.tsx'
import { spansOf, TimeLine } from '../job/time-line.tsx'
import { hasEnded, useJob, type Job, type JobRequest } from '../job/use-job.ts'
import { VerifyBand } from '../job/verify-band.tsx'
import { Age, useNow } from '../parts/age.tsx'
import { Copy } from '../parts/copy.tsx'
import { State } from '../parts/glyph.tsx'
import { opTitle, opUnits } from '../parts/job-table.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link, useTitle } from '../router.tsx'
import { words } from '../words.ts'

export function JobView({ id }: { id: string }) {
  const { job, request, receipt, events, shards, total, problem, reload } = useJob(id)
  const now = useNow(job === null || !hasEnded(job))
  useTitle(words.title(shortId(id)))
  if (job === null) return problem === null ? null : <ProblemNote problem={problem} again={reload} />
  const spans = spansOf(job, { events, receipt, isPlanned: typeof request?.plan_digest === 'string' })
  const units = opUnits(opOf(request))
  return (
    <>
      <p class="crumb">
        <Link to="/jobs">{words.job.crumb}</Link> / <span class="mono">{id}</span>{' '}
        <Copy text={id} what={words.job.exactId} />
      </p>
      <div class="title">
        <Head job={job} request={request} now={now} />
        <Actions job={job} changed={reload} />
      </div>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      <Findings job={job} shards={shards} total={total} />
      <Answer job={job} request={request} />
      <TimeLine job={job} spans={spans} now={now} />
      {request !== null && <RequestBand request={request} span={spans.request} />}
      {request !== null && <PlanBand request={request} units={units} span={spans.plan} />}
      <DispatchBand
        id={id}
        shards={shards}
        total={total}
        units={units}
        isEnded={hasEnded(job)}
        isSealed={Boolean(receipt?.body.result)}
        span={spans.dispatch}
      />
      <VerifyBand job={job} shards={shards} span={spans.verify} />
      <ReduceBand job={job} span={spans.reduce} />
      <ReceiptBand job={job} request={request} receipt={receipt} units={units} span={spans.receipt} />
    </>
  )
}

/** `mc/1/insurance.v1`. */
function opOf(request: JobRequest | null): string | null {
  const op = request?.request['op'] as { name: string; version: number; profile: string } | undefined
  return op === undefined ? null : `${op.name}/${op.version}/${op.profile}`
}

function Head({ job, request, now }: { job: Job; request: JobRequest | null; now: number }) {
  const { untitled, took, since, deadline, atDeadline } = words.job
  const op = opOf(request)
  const { created_at, finished_at, deadline_at } = job.times
  const left = Date.parse(deadline_at) - now
  const units = request?.plan?.units
  const lasted = Date.parse(finished_at ?? created_at) - Date.parse(created_at)
  return (
    <div>
      <h1>{units === undefined ? opTitle(op) : untitled(opTitle(op), `${large(Number(units))} ${opUnits(op)}`)}</h1>
      <p class="meta">
        <span role="status">
          <State of={job.status} />
        </span>
        {job.ctx.job_id !== undefined && <span class="mono">{job.ctx.job_id}</span>}
        {op !== null && <span class="mono">{op}</span>}
        <span>
          {finished_at === null ? (
            <>
              <time title={exactTime(created_at)}>{since(duration(Math.max(0, now - Date.parse(created_at))))}</time>,{' '}
              <time dateTime={deadline_at} title={exactTime(deadline_at)}>
                {left > 0 ? deadline(duration(left)) : atDeadline}
              </time>
            </>
          ) : (
            <>
              <Age at={created_at} now={Date.now()} say={words.jobs.ago} />, {took(duration(lasted))}
            </>
          )}
        </span>
      </p>
    </div>
  )
}
