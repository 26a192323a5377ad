// What the request would take, as the server reckons it; or what is wrong with it.
import type { Problem } from '../api.ts'
import { count, credits } from '../format.ts'
import { ProblemNote } from '../parts/problem.tsx'
import { words } from '../words.ts'
import type { Estimate } from './use-estimate.ts'

interface EstimateBoxProps {
  readonly estimate: Estimate | null
  readonly problem: Problem | null
  readonly isOld: boolean
  readonly units: string
  /** Every field can be read, so that the server is asked. */
  readonly isWritten: boolean
}

export function EstimateBox({ estimate, problem, isOld, units, isWritten }: EstimateBoxProps) {
  const say = words.form
  return (
    <section class={isOld ? 'estimate old' : 'estimate'} aria-live="polite">
      <h2>{say.estimate}</h2>
      {problem !== null && <ProblemNote problem={problem} />}
      {problem === null && estimate === null && <p class="soft">{isWritten ? say.estimateAsked : say.estimateWait}</p>}
      {problem === null && estimate !== null && <Figures estimate={estimate} units={units} />}
    </section>
  )
}

function Figures({ estimate, units }: { estimate: Estimate; units: string }) {
  const say = words.form
  const { plan, billing, agents, limits, warnings } = estimate
  return (
    <>
      <dl class="kv">
        <dt>{say.cost}</dt>
        <dd>
          <b>{words.job.answer.credits(billing.credits)}</b> <span class="cap">{`${credits(billing.eur)} EUR`}</span>
        </dd>
        <dt>{say.shards}</dt>
        <dd>
          {count(plan.shards)} <span class="cap">{say.eachUnits(count(plan.units_per_shard), units)}</span>
        </dd>
        <dt>{say.agents}</dt>
        <dd>
          {say.agentsNow(count(agents.eligible), count(agents.needed))}
          {!agents.enough && <span class="cap">{` ${say.agentsWait}`}</span>}
        </dd>
      </dl>
      {limits
        .filter(({ exceeded }) => exceeded)
        .map(({ name, limit, used, asked }) => (
          <p key={name} class="is-bad">
            {say.over(name, String(limit), String(asked), used === null ? null : String(used))}
          </p>
        ))}
      {warnings.map((warning) => (
        <p key={warning} class="is-bad">
          {warning}
        </p>
      ))}
    </>
  )
}
