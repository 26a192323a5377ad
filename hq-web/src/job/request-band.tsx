// The first two bands: what was asked, and into what it was cut.
import { Copy, saveJson } from '../parts/copy.tsx'
import { Button } from '../parts/button.tsx'
import { Digest } from '../parts/digest.tsx'
import { count, duration, percent } from '../format.ts'
import { asCurl, asTypeScript } from '../request-text.ts'
import { words } from '../words.ts'
import { BandSection, Say } from './band.tsx'
import type { When } from './time-line.tsx'
import type { JobRequest } from './use-job.ts'

/** A contract as the server keeps it: parsed, with its defaults. */
interface KeptRequest {
  readonly ctx: { readonly job_id?: string; readonly trace_id?: string; readonly billing: { readonly mode: string } }
  readonly seed: { readonly mode: string }
  readonly policy: {
    readonly target: string
    readonly min_agents: number
    readonly max_agents: number
    readonly verify: string
    readonly spotcheck_rate: number
    readonly on_unverified: string
    readonly timeout_ms: number
    readonly pool?: string
    readonly region?: string
  }
  readonly args: Readonly<Record<string, unknown>>
}

export function RequestBand({ request, span }: { request: JobRequest; span: When }) {
  const { seed, derived, explicit, policy, contract, own, trace, billing } = words.job.request
  const kept = request.request as unknown as KeptRequest
  const fileName = `request-${request.job_id}.json`
  return (
    <BandSection band="request" span={span}>
      <div class="cols">
        <dl class="kv args">
          {inOrder(kept.args).map(([name, value]) => (
            <Argument key={name} name={name} value={value} />
          ))}
        </dl>
        <dl class="kv">
          <dt>{seed}</dt>
          <dd>
            <span class="mono">{request.root_seed}</span>{' '}
            <span class="cap">{kept.seed.mode === 'derived' ? derived : explicit}</span>
          </dd>
          <dt>{policy}</dt>
          <dd>{policyOf(kept.policy)}</dd>
          <dt>{billing}</dt>
          <dd>{kept.ctx.billing.mode}</dd>
          {kept.ctx.job_id !== undefined && (
            <>
              <dt>{own}</dt>
              <dd class="mono">{kept.ctx.job_id}</dd>
            </>
          )}
          {kept.ctx.trace_id !== undefined && (
            <>
              <dt>{trace}</dt>
              <dd class="mono">{kept.ctx.trace_id}</dd>
            </>
          )}
          <dt>{contract}</dt>
          <dd>
            <Digest of={request.contract_digest} />
          </dd>
        </dl>
      </div>
      <p class="acts after">
        <Copy text={JSON.stringify(request.request, null, 2)} what={words.form.json_} shown />
        <Copy text={asCurl(request.request, location.origin)} what={words.form.curl} shown />
        <Copy text={asTypeScript(request.request, location.origin)} what={words.form.typescript} shown />
        <Button small onPress={() => saveJson(fileName, request.request)}>
          {words.download}
        </Button>
      </p>
    </BandSection>
  )
}

/** Whatever decides who runs it, how it is checked and when it is given up. */
function policyOf(policy: KeptRequest['policy']): string {
  const { policyText, pool, anyPool, region, anyRegion, timeout, rate, unverified } = words.job.request
  const { verify, on_unverified: then } = policy
  return [
    policyText(policy.target, policy.min_agents, policy.max_agents, verify),
    ...(verify === 'spotcheck' ? [rate(percent(policy.spotcheck_rate))] : []),
    ...(verify === 'none' ? [] : [unverified(then)]),
    policy.pool === undefined ? anyPool : pool(policy.pool),
    policy.region === undefined ? anyRegion : region(policy.region),
    timeout(duration(policy.timeout_ms)),
  ].join('; ')
}

/** As the form has them; what it does not know comes last. */
function inOrder(args: KeptRequest['args']): [string, unknown][] {
  const known = Object.keys(words.form.names)
  const at = (name: string): number => (known.includes(name) ? known.indexOf(name) : known.length)
  return Object.entries(args).toSorted(([a], [b]) => at(a) - at(b))
}

function Argument({ name, value }: { name: string; value: unknown }) {
  const { noLimit, on, off } = words.job.request
  const said =
    value === null
      ? noLimit
      : typeof value === 'number'
        ? count1(value)
        : typeof value === 'boolean'
          ? value
            ? on
            : off
          : Array.isArray(value) && value.every((one) => typeof one === 'number')
            ? value.map(String).join(', ')
            : JSON.stringify(value)
  return (
    <>
      <dt>{words.form.names[name] ?? name}</dt>
      <dd title={name}>{said === '' ? off : said}</dd>
    </>
  )
}

/** All digits that the request has. */
const count1 = (n: number): string => (Number.isInteger(n) ? count(n) : String(n))

interface PlanProps {
  readonly request: JobRequest
  readonly units: string
  readonly span: When
}

export function PlanBand({ request, units, span }: PlanProps) {
  const { say, one, passes, same, digest, kernel, missing } = words.job.plan
  const { plan } = request
  const said =
    plan === null ? null : plan.shards === 1 ? one(units) : say(count(plan.shards), count(plan.units_per_shard), units)
  return (
    <BandSection band="plan" span={span}>
      {plan === null || said === null ? (
        <p class="say soft">{missing}</p>
      ) : (
        <Say lead={said.lead}>
          {said.rest} {plan.passes > 1 && `${passes(plan.passes)} `}
          {same}
        </Say>
      )}
      <dl class="kv hexes after">
        {request.plan_digest !== null && (
          <>
            <dt>{digest}</dt>
            <dd>
              <Digest of={request.plan_digest} />
            </dd>
          </>
        )}
        <dt>{kernel}</dt>
        <dd>
          <Digest of={request.kernel_digest} />
        </dd>
      </dl>
    </BandSection>
  )
}
