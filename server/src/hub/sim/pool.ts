// A small pool for tests of single rules: the real core with a store that answers at once, agents that do what the test
// says, and every command kept. Nothing is random here; the seeded world is elsewhere.
import type { AssignmentId, EngineName, Identity, JobId, ProjectId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { JobState, SubmissionRow, VoidedSubmission } from '../../store/store.ts'
import type { Ending, AssignmentOrder, HubCommand } from '../core/events.ts'
import { createHubState, type AgentToken, type HubState, type Job, type JobSpec } from '../core/state.ts'
import { PROBATION_SHARDS, QUARANTINE_MS } from '../core/limits.ts'
import { step } from '../core/step.ts'
import type { Happening } from './agent.ts'
import { trueDigest } from './reference.ts'
import { KERNEL, KERNEL_DIGEST, UNITS_PER_SHARD } from './kernel.ts'

export interface Handed {
  readonly session: SessionId
  readonly jobId: JobId
  readonly order: AssignmentOrder
}

export interface Joining {
  readonly identity?: string
  readonly network?: string
  readonly engine?: EngineName
  readonly referee?: boolean
  readonly token?: AgentToken
  readonly shardsPerSecond?: number
  /** Its word does not count yet: nothing of its was checked. */
  readonly fresh?: boolean
}

export interface Planning {
  readonly state?: JobState
  readonly ending?: Ending | null
  readonly passes?: number
  readonly refines?: boolean
  readonly basis?: Digest | null
  readonly project?: string
  readonly voided?: readonly VoidedSubmission[]
  /** Identities that answered the original of a replay. */
  readonly answeredBefore?: readonly string[]
}

export class Pool {
  readonly hub: HubState
  nowMs = 0
  readonly commands: HubCommand[] = []
  #requests = 0

  constructor({
    referee = false,
    distinctNetwork = false,
    random = () => 0,
  }: { referee?: boolean; distinctNetwork?: boolean; random?: () => number } = {}) {
    const assignmentId = (number: number): AssignmentId => `a${number}` as AssignmentId
    this.hub = createHubState({ referee, distinctNetwork, quarantineMs: QUARANTINE_MS, assignmentId, random })
  }

  /** The commands of this event alone; answers are stored at once. */
  raise(happening: Happening): HubCommand[] {
    const commands = step(this.hub, { ...happening, nowMs: this.nowMs } as Parameters<typeof step>[1])
    this.commands.push(...commands)
    return [
      ...commands,
      ...commands.flatMap((command) =>
        command.type === 'store' ? this.raise({ type: 'stored', submissions: command.submissions }) : [],
      ),
    ]
  }

  join(session: string, { identity = session, network = session, engine = 'wasm', ...more }: Joining = {}): SessionId {
    const id = session as SessionId
    const agent = {
      session: id,
      identity: identity as Identity,
      network,
      referee: more.referee ?? false,
      token: more.token ?? null,
    }
    this.raise({ type: 'agent-joined', agent })
    const valid = more.fresh === true ? 0 : PROBATION_SHARDS
    const rows = (['wasm', 'webgpu', 'reference'] as const).map((each) => ({ kernel: KERNEL, engine: each, valid }))
    if (!agent.referee) this.raise({ type: 'standings', identity: agent.identity, rows })
    this.ready(id, engine, more.shardsPerSecond)
    return id
  }

  ready(session: SessionId, engine: EngineName, shardsPerSecond = 1_000): HubCommand[] {
    const ability = { engine, kernelDigest: KERNEL_DIGEST, unitsPerSecond: shardsPerSecond * UNITS_PER_SHARD }
    return this.raise({ type: 'agent-ready', session, kernel: KERNEL, ability })
  }

  plan(
    id: string,
    shards: number,
    policy: Partial<JobSpec['policy']> = {},
    rows: readonly SubmissionRow[] = [],
    {
      state = 'QUEUED',
      ending = null,
      passes = 1,
      refines = false,
      basis = null,
      project = 'project',
      voided = [],
      answeredBefore = [],
    }: Planning = {},
  ): JobId {
    const jobId = id as JobId
    const timeoutMs = policy.timeout_ms ?? 60_000
    const job: JobSpec = {
      id: jobId,
      projectId: project as ProjectId,
      kernel: KERNEL,
      kernelDigest: KERNEL_DIGEST,
      grid: { units: BigInt(shards * UNITS_PER_SHARD), unitsPerShard: UNITS_PER_SHARD, shards, passes },
      refines,
      policy: {
        target: 'any',
        min_agents: 1,
        max_agents: 50,
        verify: 'none',
        timeout_ms: timeoutMs,
        spotcheck_rate: 0.1,
        on_unverified: 'degrade',
        ...policy,
      },
      deadlineMs: this.nowMs + timeoutMs,
      samplingKey: new Uint8Array(32).fill(7),
      answeredBefore: new Set(answeredBefore.map((identity) => identity as Identity)),
    }
    this.raise({ type: 'job-planned', job, state, basis, submissions: rows, voided, ending })
    return jobId
  }

  /** The last pass is planned as the core last asked for it. */
  refined(): HubCommand[] {
    const asked = this.last('refine')
    if (asked === undefined) throw new Error('no last pass was asked for')
    return this.raise({ type: 'pass-planned', jobId: asked.jobId, basis: asked.basis })
  }

  job(id: JobId): Job {
    const job = this.hub.jobs.get(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }

  /** What a session holds now, oldest first. */
  held(session: SessionId): Handed[] {
    const leases = [...(this.hub.agents.get(session)?.leases.values() ?? [])]
    return leases.map(({ assignmentId, epoch, jobId, engine, shards, leaseMs }) => ({
      session,
      jobId,
      order: { assignmentId, epoch, engine, shards: [...shards], leaseMs },
    }))
  }

  /** Answers one assignment; `digest` says what it returns for a shard. */
  answer({ session, jobId, order }: Handed, digest = trueDigest, kernelMs = order.shards.length): HubCommand[] {
    const { assignmentId, epoch } = order
    const shards = order.shards.map((shard) => ({ shard, digest: digest(jobId, shard) }))
    return this.raise({ type: 'answer', session, request: ++this.#requests, assignmentId, epoch, shards, kernelMs })
  }

  /** Lets a session answer until it holds nothing. */
  work(session: SessionId, digest = trueDigest): HubCommand[] {
    const commands: HubCommand[] = []
    // What is left of a job that has ended is revoked by the edge.
    const next = (): Handed | undefined =>
      this.held(session).find(({ jobId }) => this.hub.jobs.get(jobId)?.phase === 'running')
    for (let held = next(); held !== undefined; held = next()) {
      commands.push(...this.answer(held, digest))
    }
    return commands
  }

  fail({ session, order }: Handed): HubCommand[] {
    const { assignmentId, epoch, shards } = order
    return shards.flatMap((shard) =>
      this.raise({ type: 'shard-failed', session, assignmentId, epoch, shard, reason: 'out of memory' }),
    )
  }

  leave(session: SessionId): HubCommand[] {
    return this.raise({ type: 'agent-left', session })
  }

  at(nowMs: number): HubCommand[] {
    this.nowMs = nowMs
    return this.raise({ type: 'tick' })
  }

  /** The last of the commands of a type. */
  last<T extends HubCommand['type']>(type: T): Extract<HubCommand, { type: T }> | undefined {
    return this.commands.findLast((command): command is Extract<HubCommand, { type: T }> => command.type === type)
  }
}

export const lie = (_: JobId, shard: number): Digest => `wrong|${shard}` as Digest

/** A durable answer as a row, for a job that a restart has interrupted. */
export const row = (
  shard: number,
  executor: string,
  {
    role = 'first',
    digest = trueDigest('job' as JobId, shard),
    tier = role === 'referee' ? 'trusted' : 'veteran',
  }: Partial<Pick<SubmissionRow, 'role' | 'digest' | 'tier'>> = {},
): SubmissionRow => ({
  jobId: 'job' as JobId,
  shard,
  executor: executor as Identity,
  role,
  engine: 'wasm',
  trusted: role === 'referee',
  tier,
  network: executor,
  owner: null,
  distinctNetwork: false,
  digest,
})
