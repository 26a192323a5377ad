// The answer first: five figures, of the result when there is one, of the work while there is none.
import { amount, count, credits, error, percent } from '../format.ts'
import { words } from '../words.ts'
import { headline, lossOf } from './loss.ts'
import { figureText } from './reduce-band.tsx'
import { hasEnded, type Job, type JobRequest } from './use-job.ts'

type Figure = readonly [term: string, value: string, note: string]

export function Answer({ job, request }: { job: Job; request: JobRequest | null }) {
  const figures = job.hub === undefined ? ofWork(job, request) : ofResult(job, job.hub)
  if (figures.length === 0) return null
  return (
    <dl class="ans" aria-label={words.job.answer.label}>
      {figures.map(([term, value, note]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
          <dd class="note">{note}</dd>
        </div>
      ))}
    </dl>
  )
}

function ofResult(job: Job, hub: NonNullable<Job['hub']>): Figure[] {
  const say = words.job.answer
  const { metrics, verification } = hub
  const loss = lossOf(hub.output)
  const mark = loss === null ? undefined : headline(loss)
  return [
    ...(loss === null
      ? [[say.units, count(metrics.units), ''] as const]
      : [[say.mean, amount(loss.mean), loss.std_error === null ? '' : say.stdError(error(loss.std_error))] as const]),
    ...(mark === undefined
      ? []
      : [
          [say.varOf(percent(mark.p)), figureText(mark.var), say.oneIn(amount(1 / (1 - mark.p)))] as const,
          [say.tvarOf(percent(mark.p)), figureText(mark.tvar), say.beyond] as const,
        ]),
    [
      say.checked,
      words.jobs.of(verification.checked, verification.shards),
      say.status(verification.status, verification.mismatches),
    ],
    [say.cost, say.credits(job.billing?.credits ?? 0), say.eur(job.billing?.eur ?? 0)],
  ]
}

function ofWork(job: Job, request: JobRequest | null): Figure[] {
  const say = words.job.answer
  const { progress } = job
  if (hasEnded(job)) return []
  return [
    ...(progress === null || progress === undefined
      ? []
      : [
          [
            say.accepted,
            words.jobs.of(progress.accepted, progress.shards),
            say.shardsLeft(progress.shards - progress.accepted),
          ] as const,
          [say.running, count(progress.agents_now), say.eligible(progress.eligible_agents)] as const,
          [say.toCheck, count(progress.to_check), say.toCheckNote] as const,
        ]),
    ...(!request?.reserved ? [] : [[say.reserved, credits(request.reserved.credits), say.reservedNote] as const]),
  ]
}
