// A pool under attack in virtual time: the real core, a store that never fails, agents that only compute and answer. What
// an agent answers is its part's to say; there is no other fault, so that what goes wrong is the attack's doing.
import type { AssignmentId, Identity, JobId, ProjectId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { AssignmentOrder, HubCommand, HubEvent, VerificationRecord } from '../core/events.ts'
import { QUARANTINE_MS } from '../core/limits.ts'
import { createHubState, type HubState, type JobSpec, type LeaseRole } from '../core/state.ts'
import { nextWakeMs, step } from '../core/step.ts'
import { Agenda } from './agenda.ts'
import type { Happening } from './agent.ts'
import { Random } from './random.ts'
import { trueDigest } from './reference.ts'
import { KERNEL, KERNEL_DIGEST, UNITS_PER_SHARD } from './kernel.ts'

/** Each way, and for the store. */
const FRAME_MS = 10
const STORE_MS = 5
/** An agent sends what it has about so often. */
const PIECE_MS = 250
const PAUSE_MS = 10

export interface Asked {
  readonly jobId: JobId
  readonly shard: number
  /** No agent is told; an attacker who guesses it right is the worst one. */
  readonly role: LeaseRole
  readonly identity: Identity
}

/** What somebody answers. */
export type Part = (asked: Asked) => Digest

export const honest: Part = ({ jobId, shard }) => trueDigest(jobId, shard)

export interface Member {
  readonly name: string
  readonly shardsPerSecond: number
  /** What it says of its speed, when it is ready and in every answer. */
  readonly claims?: number
  /** Checked-valid shards that the store knows of. */
  readonly valid: number
  readonly part: Part
  /** How much longer than its speed says a piece takes it. */
  readonly stallMs?: (jobId: JobId, shards: readonly number[]) => number
  readonly referee?: boolean
}

export interface Asking {
  readonly shards: number
  readonly verify: JobSpec['policy']['verify']
  readonly rate?: number
  readonly timeoutMs?: number
}

export type JobEnd = {
  readonly jobId: JobId
  readonly tookMs: number
} & (
  | { readonly how: 'completed'; readonly wrong: number; readonly record: VerificationRecord }
  | { readonly how: 'failed'; readonly code: string }
)

interface Held {
  readonly jobId: JobId
  readonly order: AssignmentOrder
  readonly left: number[]
}

interface Tab {
  readonly member: Member
  readonly identity: Identity
  held: Held[]
  busy: boolean
}

export class AttackPool {
  readonly hub: HubState
  readonly random: Random
  exposed = 0
  /** Whoever was exposed and does not lie. */
  wronged = 0
  #nowMs = 0
  readonly #agenda = new Agenda()
  readonly #tabs = new Map<SessionId, Tab>()
  #requests = 0
  #jobs = 0
  #wakeAtMs = Infinity
  #beganMs = 0
  #queue: Happening[] = []
  #draining = false
  #end: JobEnd | null = null
  readonly #onExposed: (member: Member) => void

  constructor(seed: number, referee: boolean, onExposed: (member: Member) => void = () => {}) {
    this.random = new Random(seed)
    this.#onExposed = onExposed
    this.hub = createHubState({
      referee,
      distinctNetwork: true,
      quarantineMs: QUARANTINE_MS,
      assignmentId: (number) => `a${number}` as AssignmentId,
      random: () => this.random.next(),
    })
  }

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, happen: () => void): void {
    this.#agenda.add(this.#nowMs + delayMs, happen)
  }

  /** Of the name's own identity and network. */
  join(member: Member): void {
    const identity = member.name as Identity
    const session = `${identity}#1` as SessionId
    this.#tabs.set(session, { member, identity, held: [], busy: false })
    this.#raise({
      type: 'agent-joined',
      agent: { session, identity, network: member.name, referee: member.referee ?? false, token: null },
    })
    const rows = [{ kernel: KERNEL, engine: 'wasm' as const, valid: member.valid }]
    if (member.valid > 0) this.#raise({ type: 'standings', identity, rows })
    const unitsPerSecond = (member.claims ?? member.shardsPerSecond) * UNITS_PER_SHARD
    const ability = { engine: 'wasm' as const, kernelDigest: KERNEL_DIGEST, unitsPerSecond }
    this.#raise({ type: 'agent-ready', session, kernel: KERNEL, ability })
  }

  /** One job from its plan to its end. */
  run({ shards, verify, rate = 0.1, timeoutMs = 600_000 }: Asking): JobEnd {
    const jobId = `job-${++this.#jobs}` as JobId
    const beganMs = this.#nowMs
    this.#beganMs = beganMs
    this.#end = null
    this.#raise({
      type: 'job-planned',
      job: {
        id: jobId,
        projectId: 'project' as ProjectId,
        kernel: KERNEL,
        kernelDigest: KERNEL_DIGEST,
        grid: { units: BigInt(shards * UNITS_PER_SHARD), unitsPerShard: UNITS_PER_SHARD, shards, passes: 1 },
        refines: false,
        policy: {
          target: 'any',
          min_agents: 1,
          max_agents: 50,
          verify,
          timeout_ms: timeoutMs,
          spotcheck_rate: rate,
          on_unverified: 'degrade',
        },
        deadlineMs: beganMs + timeoutMs,
        samplingKey: Uint8Array.from({ length: 32 }, () => this.random.int(0, 255)),
      },
      state: 'QUEUED',
      basis: null,
      submissions: [],
      voided: [],
      ending: null,
    })
    while (this.#ended() === null) {
      const next = this.#agenda.next()
      if (next === undefined) throw new Error(`${jobId} never ends`)
      this.#nowMs = next.atMs
      next.happen()
    }
    const end = this.#ended()
    if (end === null) throw new Error('unreachable: the loop above waits for it')
    this.#raise({ type: 'job-ended', jobId })
    this.#nowMs += PAUSE_MS
    return end
  }

  /** Read through a method: what an event changes, the compiler does not see. */
  #ended(): JobEnd | null {
    return this.#end
  }

  #raise(happening: Happening): void {
    this.#queue.push(happening)
    if (this.#draining) return
    this.#draining = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const event = { ...next, nowMs: this.#nowMs } as HubEvent
      for (const command of step(this.hub, event)) this.#carryOut(command)
    }
    this.#draining = false
    this.#setTimer()
  }

  #setTimer(): void {
    const wake = nextWakeMs(this.hub) ?? Infinity
    if (wake === this.#wakeAtMs) return
    this.#wakeAtMs = wake
    if (wake === Infinity) return
    this.#agenda.add(wake, () => {
      if (wake !== this.#wakeAtMs) return
      this.#wakeAtMs = Infinity
      this.#raise({ type: 'tick' })
    })
  }

  #carryOut(command: HubCommand): void {
    switch (command.type) {
      case 'assign': {
        const { session, jobId, order } = command
        return this.after(FRAME_MS, () => {
          const tab = this.#tabs.get(session)
          tab?.held.push({ jobId, order, left: [...order.shards] })
          if (tab !== undefined) this.#work(session, tab)
        })
      }
      case 'revoke': {
        const { session, assignmentId } = command
        return this.after(FRAME_MS, () => {
          const tab = this.#tabs.get(session)
          if (tab !== undefined) tab.held = tab.held.filter(({ order }) => order.assignmentId !== assignmentId)
        })
      }
      case 'expel':
        return this.#expel(command.session)
      case 'store':
        return this.after(STORE_MS, () => this.#raise({ type: 'stored', submissions: command.submissions }))
      case 'complete': {
        const { jobId, verdicts, record } = command
        const wrong = verdicts.filter(({ shard, digest }) => digest !== trueDigest(jobId, shard)).length
        this.#end = { how: 'completed', jobId, tookMs: this.#nowMs - this.#beganMs, wrong, record }
        return
      }
      case 'fail':
        this.#end = { how: 'failed', jobId: command.jobId, tookMs: this.#nowMs - this.#beganMs, code: command.code }
        return
      case 'reply':
      case 'write':
      case 'job-state':
      case 'refine':
      case 'cancel':
      case 'tally':
        return
    }
  }

  #expel(session: SessionId): void {
    const tab = this.#tabs.get(session)
    if (tab === undefined) return
    this.#tabs.delete(session)
    this.exposed++
    if (tab.member.part === honest) this.wronged++
    this.#raise({ type: 'agent-left', session })
    this.#onExposed(tab.member)
  }

  #work(session: SessionId, tab: Tab): void {
    const [held] = tab.held
    if (tab.busy || held === undefined) return
    tab.busy = true
    const { shardsPerSecond } = tab.member
    const shards = held.left.splice(0, Math.max(1, Math.floor((shardsPerSecond * PIECE_MS) / 1_000)))
    if (held.left.length === 0) tab.held.shift()
    const kernelMs = (shards.length * 1_000) / shardsPerSecond
    const stalledMs = tab.member.stallMs?.(held.jobId, shards) ?? 0
    this.after(kernelMs + stalledMs, () => {
      tab.busy = false
      this.#answer(session, tab, held, shards, kernelMs)
      this.#work(session, tab)
    })
  }

  #answer(
    session: SessionId,
    { member, identity }: Tab,
    held: Held,
    shards: readonly number[],
    kernelMs: number,
  ): void {
    const { jobId, order } = held
    const { assignmentId, epoch } = order
    const lease = this.hub.agents.get(session)?.leases.get(assignmentId)
    if (lease === undefined) return
    const answers = shards.map((shard) => ({
      shard,
      digest: member.part({ jobId, shard, role: lease.role, identity }),
    }))
    this.after(FRAME_MS, () => {
      this.#raise({
        type: 'answer',
        session,
        request: ++this.#requests,
        assignmentId,
        epoch,
        shards: answers,
        kernelMs: member.claims === undefined ? kernelMs : (answers.length * 1_000) / member.claims,
      })
    })
  }
}
