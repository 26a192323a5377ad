// What is shown of agents. A project sees its own whole, and of everybody else what the shards of its own jobs tell anyway;
// the operator sees all. Nobody is shown a public key, and no project a network or an identity that names one elsewhere.
import { z } from 'zod'
import type { Identity } from '@forge/shared/contract/ids.ts'
import { creditsOf } from '../billing/ledger-view.ts'
import { EXPOSED_ELSEWHERE } from '../hub/core/exposure.ts'
import type { RosterAgent, RosterEngine, RosterSession } from '../hub/edge/roster.ts'
import type { IdentityFault, IdentityTotals, ProjectWork } from '../store/agent-orders.ts'
import { isoOf, isoOrNull } from './times.ts'

const time = z.iso.datetime()
const TIERS = ['probation', 'veteran', 'trusted'] as const

const engineSchema = z.strictObject({
  op: z.string().describe('such as `mc/1/insurance.v1`'),
  engine: z.string(),
  self_test: z.enum(['passed', 'failed']).describe('whether it gave the known answers; one that failed gets no work'),
  tier: z.enum(TIERS).describe('how far its word goes'),
  checked_in_a_row: z.int().describe('shards found right one after another, as far as they count'),
  units_per_second: z.number().nullable().describe('as the Hub measures it, of all its sessions; null: not measured'),
})

const quarantineSchema = z.strictObject({
  state: z
    .enum(['waits', 'may-try', 'banned'])
    .describe('until its time is over; then it comes back by shards whose answers are known; or never'),
  by: z.enum(['verification', 'operator']).nullable(),
  reason: z.string().nullable(),
  since: time.nullable(),
  until: time.nullable(),
  exposures: z.int().describe('how often one of its answers was proven wrong'),
})

const holdSchema = z.strictObject({ job_id: z.string(), engine: z.string(), shards: z.int() })

export const detailsSchema = z.strictObject({
  names: z.array(z.string()).describe('as it calls itself'),
  kinds: z.array(z.enum(['browser', 'node'])),
  connected: z.boolean(),
  sessions: z.int().describe('connected ones: tabs of one browser share an identity'),
  since: time.nullable().describe('when the oldest of them came'),
  gone_at: time.nullable().describe('when it left; null while it is here, and of one that this server has not seen'),
  pool: z.string().nullable(),
  region: z.string().nullable(),
  trusted: z.boolean().describe('its token is the operator’s, for a machine of the operator'),
  engines: z.array(engineSchema),
  shards: z
    .strictObject({ accepted: z.int(), pending: z.int(), rejected: z.int() })
    .describe('of the sessions that this server remembers'),
  ever: z
    .strictObject({ jobs: z.int(), accepted: z.int(), rejected: z.int(), credits: z.number() })
    .describe('of completed jobs; credits for contribution have no cash value'),
  quarantine: quarantineSchema.nullable(),
})
export type DetailsView = z.input<typeof detailsSchema>

export const workSchema = z.strictObject({
  jobs: z.int(),
  answers: z.int().describe('stored, checks among them'),
  void: z.int().describe('that count no more, since it was exposed or taken out of the pool'),
  engines: z.array(z.string()),
  trusted: z.boolean(),
  last_at: time.describe('when the newest of these jobs was registered'),
})

export const projectAgentSchema = z.strictObject({
  agent: z.string().describe('the opaque name that it has in the shards of the project’s jobs'),
  own: z.boolean().describe('it came with a node token of the project'),
  work: workSchema.nullable().describe('what it did in the newest jobs of the project; null: nothing'),
  running: z.array(holdSchema).describe('what an own agent holds of the project’s jobs now'),
  details: detailsSchema.nullable().describe('of an own agent; of others a project learns no more'),
})

export const operatorAgentSchema = z.strictObject({
  agent: z.string().describe('its identity, as the log has it'),
  owner: z.string().nullable().describe('the project whose node token it came with'),
  networks: z.array(z.string()).describe('of its connected sessions'),
  running: z.array(
    holdSchema.extend({ role: z.enum(['first', 'check', 'referee', 'trial']).describe('which it is never told') }),
  ),
  details: detailsSchema,
})
export type OperatorAgentView = z.input<typeof operatorAgentSchema>

/** What the store adds to the roster, by identity. */
export interface Stored {
  readonly totals: ReadonlyMap<Identity, IdentityTotals>
  readonly faults: ReadonlyMap<Identity, IdentityFault>
}

const isHere = ({ leftAtMs }: RosterSession): boolean => leftAtMs === null

/** `toOwner`: to whom the reason may not name others' jobs. */
export function detailsView(agent: RosterAgent, { totals, faults }: Stored, toOwner: boolean): DetailsView {
  const { sessions, away, identity } = agent
  const here = sessions.filter(isHere)
  const { jobs = 0, accepted = 0, rejected = 0, microCredits = 0n } = totals.get(identity) ?? {}
  const token = sessions[0]?.token ?? null
  const goneAtMs = Math.max(...sessions.map(({ leftAtMs }) => leftAtMs ?? 0))
  return {
    names: [...new Set(sessions.flatMap(({ name }) => name ?? []))],
    kinds: [...new Set(sessions.map(({ kind }) => kind))],
    connected: here.length > 0,
    sessions: here.length,
    since: here.length === 0 ? null : isoOf(Math.min(...here.map(({ joinedAtMs }) => joinedAtMs))),
    gone_at: here.length > 0 || sessions.length === 0 ? null : isoOf(goneAtMs),
    pool: token?.pool ?? null,
    region: token?.region ?? null,
    trusted: token?.trusted ?? false,
    engines: enginesOf(here.length > 0 ? here : sessions.slice(0, 1)),
    shards: {
      accepted: sum(sessions, ({ tally }) => tally.accepted),
      pending: sum(sessions, ({ tally }) => tally.pending),
      rejected: sum(sessions, ({ tally }) => tally.rejected),
    },
    ever: { jobs, accepted, rejected, credits: creditsOf(microCredits) },
    quarantine: away === null ? null : quarantineView(away, faults.get(identity), toOwner),
  }
}

function quarantineView(
  { state, untilMs, exposures }: NonNullable<RosterAgent['away']>,
  fault: IdentityFault | undefined,
  toOwner: boolean,
): z.input<typeof quarantineSchema> {
  const reason = toOwner && fault?.by === 'verification' ? EXPOSED_ELSEWHERE : (fault?.reason ?? null)
  const since = isoOrNull(fault?.atMs ?? null)
  return { state, by: fault?.by ?? null, reason, since, until: isoOrNull(untilMs), exposures }
}

/** One row for each op and engine, however many sessions have it. */
function enginesOf(sessions: readonly RosterSession[]): DetailsView['engines'] {
  const found = new Map<string, RosterEngine[]>()
  for (const one of sessions.flatMap(({ engines }) => engines)) {
    const key = `${one.kernel} ${one.engine}`
    found.set(key, [...(found.get(key) ?? []), one])
  }
  return [...found.values()].flatMap((same) => {
    const passed = same.filter(({ selfTest }) => selfTest === 'passed')
    const [one] = passed.length > 0 ? passed : same
    if (one === undefined) return []
    const speeds = passed.flatMap(({ unitsPerSecond }) => unitsPerSecond ?? [])
    return {
      op: one.kernel,
      engine: one.engine,
      self_test: one.selfTest,
      tier: one.tier,
      checked_in_a_row: one.valid,
      units_per_second: speeds.length === 0 ? null : speeds.reduce((all, speed) => all + speed, 0),
    }
  })
}

const sum = (sessions: readonly RosterSession[], of: (session: RosterSession) => number): number =>
  sessions.reduce((all, session) => all + of(session), 0)

export const holdsOf = ({ sessions }: RosterAgent): RosterSession['holds'] =>
  sessions.filter(isHere).flatMap(({ holds }) => holds)

export const operatorView = (agent: RosterAgent, stored: Stored): OperatorAgentView => ({
  agent: agent.identity,
  owner: agent.sessions[0]?.token?.owner ?? null,
  networks: [...new Set(agent.sessions.flatMap(({ network }) => network ?? []))],
  running: holdsOf(agent).map(({ jobId, role, engine, shards }) => ({ job_id: jobId, role, engine, shards })),
  details: detailsView(agent, stored, false),
})

export const workView = ({ jobs, answers, voided, engines, trusted, lastAtMs }: ProjectWork) => ({
  jobs,
  answers,
  void: voided,
  engines: [...engines],
  trusted,
  last_at: isoOf(lastAtMs),
})

/** What lists of agents are filtered by; a name that does not apply to an agent is met by none. */
export const agentFilter = {
  connected: z.enum(['true', 'false']).optional(),
  tier: z.enum(TIERS).describe('with any engine for any op').optional(),
  quarantined: z.enum(['true', 'false']).optional(),
}

export interface AgentFilter {
  readonly connected?: 'true' | 'false' | undefined
  readonly tier?: (typeof TIERS)[number] | undefined
  readonly quarantined?: 'true' | 'false' | undefined
  readonly pool?: string | undefined
}

export function fits({ sessions, away }: RosterAgent, filter: AgentFilter): boolean {
  const here = sessions.filter(isHere)
  const { connected, tier, quarantined, pool } = filter
  if (connected !== undefined && String(here.length > 0) !== connected) return false
  if (quarantined !== undefined && String(away !== null) !== quarantined) return false
  if (pool !== undefined && !sessions.some(({ token }) => token?.pool === pool)) return false
  return tier === undefined || here.some(({ engines }) => engines.some((one) => one.tier === tier))
}
