// Agents that one may know: who each is, whether it is here or away and why, its engines with how far their word goes and how
// fast they are, what it did and what it does; and for the operator the orders.
import type { Schema } from '../api.ts'
import { credits, exactTime, hoursLeft, large, shortId } from '../format.ts'
import { Age } from '../parts/age.tsx'
import { Copy } from '../parts/copy.tsx'
import { Said } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { Link } from '../router.tsx'
import { words } from '../words.ts'
import { OrderButtons, OrderForm, useOrder } from './orders.tsx'

type Own = Schema<'ListAgentsAnswer'>['agents'][number]
export type Details = NonNullable<Own['details']>
type FleetAgent = Schema<'ListAllAgentsAnswer'>['agents'][number]
/** The operator sees more of one. */
export interface Agent {
  readonly agent: string
  readonly details: Details
  readonly running: readonly (Own['running'][number] | FleetAgent['running'][number])[]
  readonly owner?: string | null
  readonly networks?: readonly string[]
}

interface AgentTableProps {
  readonly caption: string
  readonly agents: readonly Agent[]
  readonly now: number
  /** Called when an order was given; undefined for who may give none. */
  readonly ordered?: () => void
}

export function AgentTable({ caption, agents, now, ordered }: AgentTableProps) {
  const { heads, actHead } = words.agents
  return (
    <table class="stack keys fleet">
      <caption class="sr">{caption}</caption>
      <Heads of={ordered === undefined ? heads : { ...heads, act: actHead }} />
      <tbody>
        {agents.map((agent) => (
          <Row key={agent.agent} of={agent} now={now} ordered={ordered} />
        ))}
      </tbody>
    </table>
  )
}

const nameOf = ({ agent, details }: Agent): string => details.names[0] ?? shortId(agent)

function Row({ of: agent, now, ordered }: { of: Agent; now: number; ordered: (() => void) | undefined }) {
  const { heads, ever, session } = words.agents
  const { details } = agent
  const order = useOrder(agent.agent, ordered)
  return (
    <>
      <tr>
        <th scope="row">
          <Who of={agent} />
        </th>
        <td data-head={heads.state}>
          <Presence of={details} now={now} />
        </td>
        <td data-head={heads.engines}>
          <Engines of={details} />
        </td>
        <td data-head={heads.shards}>
          {ever(details.ever.accepted, details.ever.rejected)}
          {details.connected && <span class="cap">{session(details.shards.accepted, details.shards.pending)}</span>}
        </td>
        <td data-head={heads.credits} title={words.agents.credits}>
          {credits(details.ever.credits)}
        </td>
        <td data-head={heads.now}>
          <Now of={agent} />
        </td>
        {ordered !== undefined && (
          <td>
            <OrderButtons name={nameOf(agent)} agent={agent.agent} quarantine={details.quarantine} order={order} />
          </td>
        )}
      </tr>
      {order.asking !== null && (
        <tr class="sure">
          <td colSpan={Object.keys(heads).length + 1}>
            <OrderForm order={order} />
          </td>
        </tr>
      )}
    </>
  )
}

function Who({ of: { agent, details, owner, networks } }: { of: Agent }) {
  const say = words.agents
  const where = [
    ...(details.pool === null ? [] : [say.pool(details.pool)]),
    ...(details.region === null ? [] : [say.region(details.region)]),
    ...(details.trusted ? [say.trusted] : []),
    ...(networks === undefined || networks.length === 0 ? [] : [say.network(networks.join(', '))]),
  ]
  return (
    <>
      <span class="name">{details.names.length === 0 ? say.unnamed : details.names.join(', ')}</span>
      <span class="id">
        <code class="cap" title={agent}>
          {shortId(agent)}
        </code>
        <Copy text={agent} what={say.identity} />
      </span>
      {where.length > 0 && <span class="cap">{where.join(', ')}</span>}
      {typeof owner === 'string' && (
        <span class="cap" title={owner}>
          {say.owner(shortId(owner))}
        </span>
      )}
    </>
  )
}

function Presence({ of: { connected, sessions, since, gone_at, quarantine }, now }: { of: Details; now: number }) {
  const say = words.agents
  return (
    <>
      {quarantine !== null && <Quarantine of={quarantine} now={now} />}
      {connected ? (
        <Said glyph="completed" tone="ok">
          {say.here}
        </Said>
      ) : (
        quarantine === null && (
          <Said glyph="cancelled" tone="void">
            {say.gone}
          </Said>
        )
      )}
      <span class="cap">
        {connected && since !== null && <Age at={since} now={now} say={say.since} />}
        {sessions > 1 && `, ${say.sessions(sessions)}`}
        {gone_at !== null && <Age at={gone_at} now={now} say={say.left} />}
      </span>
    </>
  )
}

function Quarantine({
  of: { state, by, reason, since, until },
  now,
}: {
  of: NonNullable<Details['quarantine']>
  now: number
}) {
  const say = words.agents
  return (
    <>
      <Said glyph={state === 'may-try' ? 'verifying' : 'failed'} tone={state === 'may-try' ? 'check' : 'bad'}>
        {say.away[state]}
      </Said>
      <span class="cap">
        {since !== null && <Age at={since} now={now} say={say.ago} />}
        {by !== null && ` ${say.by[by]}`}
        {until !== null && (
          <>
            {', '}
            <time dateTime={until} title={exactTime(until)}>
              {say.until(hoursLeft(Date.parse(until) - now))}
            </time>
          </>
        )}
      </span>
      <span class="cap reason">{reason}</span>
      {state === 'may-try' && <span class="cap reason">{say.mayTry}</span>}
    </>
  )
}

function Engines({ of: { engines } }: { of: Details }) {
  const say = words.agents
  if (engines.length === 0) return <span class="cap">{say.noEngine}</span>
  return (
    <>
      {engines.map(({ op, engine, self_test, tier, checked_in_a_row, units_per_second }) => (
        <span key={`${op} ${engine}`} class="engine" title={op}>
          {say.engineFor(say.engineNames[engine] ?? engine, words.profiles[op] ?? op)}
          <span class={self_test === 'failed' ? 'cap is-bad' : 'cap'}>
            {self_test === 'failed'
              ? say.failed
              : [
                  tier === 'probation' ? `${say.tiers[tier]}, ${say.valid(checked_in_a_row)}` : say.tiers[tier],
                  ...(units_per_second === null ? [] : [say.speed(large(Number(units_per_second.toPrecision(3))))]),
                ].join('; ')}
          </span>
        </span>
      ))}
    </>
  )
}

function Now({ of: { running, owner } }: { of: Agent }) {
  const say = words.agents
  if (running.length === 0) return <span class="cap">{say.idle}</span>
  return (
    <>
      {running.map((hold, n) => (
        <span key={n} class="hold">
          {/* The operator's token sees no jobs. */}
          {owner === undefined ? (
            <Link to={`/jobs/${hold.job_id}`}>{say.jobOf(shortId(hold.job_id))}</Link>
          ) : (
            <span title={hold.job_id}>{say.jobOf(shortId(hold.job_id))}</span>
          )}
          <span class="cap">
            {'role' in hold && `${say.roles[hold.role]}, `}
            {say.holds(hold.shards)}
          </span>
        </span>
      ))}
    </>
  )
}
