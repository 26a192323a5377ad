// What the Hub knows, all of it in memory: jobs with their shards, agents with their leases. Durable facts (jobs,
// submissions, verdicts) are rows that events bring in; leases live here alone and die with the process.
import type { Policy } from '@forge/shared/contract/envelope.ts'
import type { AssignmentId, EngineName, Identity, JobId, ProjectId, SessionId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { shardsOf, type ShardGrid } from '@forge/shared/kernels/kernel.ts'
import type { ExecutorRole, StandingRow, SubmissionRow } from '../../store/store.ts'
import { noCounts, type Counts } from './counts.ts'
import { Few } from './few.ts'

/*
 * A shard:   open -> leased -> storing -> accepted                    (none; spotcheck, not drawn)
 *                                      -> to-check -> checking -> accepted
 *                                                              -> disputed -> refereeing -> accepted
 * Back to open: its lease died, its agent failed on it, its author was exposed. `accepted` can go back only by exposure,
 * or to `to-check` or `disputed` because an answer of the last pass contradicts it, and only until the job has ended.
 */
export type ShardStatus =
  | 'open'
  | 'leased'
  | 'storing'
  | 'to-check'
  | 'checking'
  | 'disputed'
  | 'refereeing'
  | 'accepted'

export interface Shard {
  status: ShardStatus
  /** Durable answers that are not void. */
  submissions: SubmissionRow[]
  /** Identities that may not run this shard again: they answered it, even if void since, or failed on it. */
  excluded: Few<Identity>
  /** Network groups of those that answered it. */
  networks: Few<string>
  /** Whose agents they are, of those that have an owner. */
  owners: Few<ProjectId>
  failures: number
  /** Groups of the veterans that failed on it. */
  veteranFailures: Few<string>
  /** Leases that hold it and have not answered: two when it has a backup. */
  holders: Few<AssignmentId>
  /** It was given to a second agent because the first was slow. */
  backedUp: boolean
  /** Executors for whose standing its acceptance was counted. */
  counted: Few<Identity>
  /** Answers that are being stored. */
  storing: number
  /** A checker held it and did not answer: the referee need not wait for another. */
  lapsed: boolean
  /** Drawn by the sample, the strata or the mode: needs two agreeing answers, or the referee's. */
  mustCheck: boolean
  accepted: Digest | null
  /** Executors whose answer has been counted as accepted or rejected. */
  tallied: Few<Identity>
}

/** Who was drawn to check a shard, one after another. */
export interface Draw {
  readonly by: Set<Identity>
  /** Of them, how many have not left since. */
  waiting: number
  /** Then one more is drawn. */
  untilMs: number
}

/*
 * A job: waiting (too few agents) -> running -> closing (verdicts, reduction) -> ended
 */
export type JobPhase = 'waiting' | 'running' | 'closing' | 'ended'

export interface JobSpec {
  readonly id: JobId
  readonly projectId: ProjectId
  /** Registry name of its kernel. */
  readonly kernel: string
  readonly kernelDigest: Digest
  readonly grid: ShardGrid
  /** The last of the grid's passes is planned from the accepted shards of the others. */
  readonly refines: boolean
  readonly policy: Policy
  /** On the monotonic clock of the events. */
  readonly deadlineMs: number
  readonly samplingKey: Uint8Array
  /** Of a replay: who answered the original. Its first runs are for others, where there are any. */
  readonly answeredBefore?: ReadonlySet<Identity>
}

/**
 * Shards that are open to work together: all that were planned from the start, and those of the pass that follows from
 * them. A job that does not refine has one part.
 */
export interface JobPart {
  /** Its shards are first to end - 1. */
  readonly first: number
  readonly end: number
  answered: number
  accepted: number
  toCheck: number
  /** Everything is accepted and no check is missing, until an exposure takes an answer back. */
  settled: boolean
}

export interface Job extends JobSpec {
  phase: JobPhase
  reason: string | null
  /** The last state that was written to its row. */
  announced: 'QUEUED' | 'RUNNING' | 'VERIFYING'
  /** Of all passes. */
  shards: Shard[]
  readonly parts: readonly JobPart[]
  /** How many of the parts are open to work. */
  released: number
  /** Which accepted shards the last pass is planned from, as `basisOf` sums them up; null before. */
  basis: Digest | null
  /** The same, shard by shard; null after a restart until it is planned again. */
  basisDigests: readonly Digest[] | null
  /** Shards to run first, to check, and for the referee; each shard is in at most one, those not released in none. */
  open: Set<number>
  toCheck: Set<number>
  disputed: Set<number>
  /** Those of `open` that an agent failed on: the referee may look at them, and must not look through all. */
  failing: Set<number>
  /** Of those to check, who was drawn for which, and since when. */
  drawn: Map<number, Draw>
  drawnFor: Map<Identity, Set<number>>
  /** No check is waited for less long; and whether nobody is waited for any more for one of them. */
  drawnUntilMs: number
  drawnAnew: boolean
  /** Sessions that hold first executions now, with how many leases: what `max_agents` bounds. */
  executors: Map<SessionId, number>
  /** Identities that were given first executions. */
  authors: Set<Identity>
  /** Milliseconds of work that agents hold of it now, at their own speeds. */
  heldMs: number
  /** Answers and failures so far. */
  executions: number
  /** Shards that were given to a second agent because the first was slow. */
  backups: number
  /** How long the latest answers took, as multiples of what was expected; a ring. */
  readonly usual: number[]
  usualAt: number
  /** Shards of the first pass that an answer of the last one contradicted before they were checked enough for its word. */
  contradicted: Map<number, Contradiction>
  answered: number
  acceptedCount: number
  /** What was decided before a restart stands: every shard is accepted, though none is so in here. */
  resumedAtEnd: boolean
  voided: number
  /** Whose answers are void: they run those shards never again. */
  takenFrom: Set<Identity>
  /** Since when nothing but checks is left and nobody may do them. */
  checkerMissingSinceMs: number | null
  /** Since when nobody may settle a shard of `contradicted`. */
  contradictedSinceMs: number | null
  /** `on_unverified: degrade` gave up on the checks that are left. */
  degraded: boolean
  /** Somebody who took part was exposed: of a spotcheck, every shard is checked from then on. */
  escalated: boolean
  /** When it began to run, or went on after a restart. */
  startedMs: number
  kernelMs: number
}

export interface Contradiction {
  readonly reason: string
  /** It is the referee's word: only its own run of the contradicted shard can settle it. */
  readonly trusted: boolean
}

/** A trial is of a shard whose answer is known, for who was exposed and may come back. */
export type LeaseRole = ExecutorRole | 'trial'

export interface Lease {
  readonly assignmentId: AssignmentId
  readonly epoch: number
  readonly jobId: JobId
  readonly role: LeaseRole
  /** Under which its answers are recorded. */
  engine: EngineName
  /** Not answered yet. */
  readonly shards: Set<number>
  readonly leaseMs: number
  readonly grantedMs: number
  /** What a shard should take this agent. */
  readonly shardMs: number
  /** Answers and progress renew a lease, but never beyond this: shards must not trickle in until the deadline. */
  readonly endsAtMs: number
  /** As the agent said last: only more of them is progress, and no more than there are. */
  units: number
  readonly unitsMost: number
  expiresAtMs: number
}

/** What an engine of an agent proved by its self-test, and how fast it is. */
export interface Ability {
  readonly engine: EngineName
  readonly kernelDigest: Digest
  unitsPerSecond: number
}

/** What an agent's node token says of it. */
export interface AgentToken {
  /** Whose agent it is: agents of one owner never check each other. */
  readonly owner: ProjectId
  /** One of its owner's: it works for that pool's jobs alone. Null: for every project. */
  readonly pool: string | null
  readonly region: string | null
  /** By the operator: then its region holds for every project's jobs, else for those of its owner alone. */
  readonly madeByOperator: boolean
  /** Run by the operator: its word counts from its first shard on. It is not the referee for that. */
  readonly trusted: boolean
}

/** An agent as it comes, before it has shown what it can do. */
export type Newcomer = Pick<Agent, 'session' | 'identity' | 'network' | 'referee' | 'token'>

export interface Agent {
  readonly session: SessionId
  readonly identity: Identity
  readonly network: string
  /** The referee: checks and disputes only. */
  readonly referee: boolean
  /** Null: it came without one. */
  readonly token: AgentToken | null
  /** By registry name of the kernel. */
  readonly abilities: Map<string, Ability>
  readonly leases: Map<AssignmentId, Lease>
  /** Leases in a row that ran out, since its last answer. */
  lapses: number
  /** When it last answered: what it holds since longer began then. */
  answeredMs: number
  /** It failed on a shard, and its word does not count yet: nothing until then. */
  restsUntilMs: number
  /** Of an exposed identity that may come back: known shards that it has still to return right. */
  trialsLeft: number
  accepted: number
  pending: number
  rejected: number
}

/** What is known of an identity that may not work, beyond that. */
export interface Quarantine {
  /** How often it was exposed; 0 where the operator alone keeps it away. */
  readonly exposures: number
  /** The last time, and how long it stays away: on the monotonic clock of the events; Infinity: for good. */
  readonly atMs: number
  readonly untilMs: number
  /** How long its last exposure alone keeps it away; not there once it has come back from that. */
  readonly exposedUntilMs?: number
  /** The operator has a word in it. */
  readonly ordered?: true
}

export interface HubState {
  nowMs: number
  jobs: Map<JobId, Job>
  agents: Map<SessionId, Agent>
  /** Whose answers do not count. */
  quarantined: Set<Identity>
  quarantines: Map<Identity, Quarantine>
  /** By identity, kernel and engine: checked-valid shards in a row. */
  standings: Map<string, number>
  standingsChanged: Map<string, StandingRow>
  /** By kernel and engine: groups of the veterans whom the referee alone contradicted, and when. */
  suspects: Map<string, Map<string, number>>
  /** Groups of the veterans who agreed with the referee on such an engine since. */
  defenders: Map<string, Set<string>>
  /** Kernel and engine that get no work, and until when; forgotten when the server starts again. */
  suspended: Map<string, number>
  /** Sessions that may have room for an assignment: all that dispatch looks at. */
  roomy: Set<SessionId>
  /** Leases in a row that ran out, by identity, and since when; the oldest first. */
  lapsed: Map<Identity, { readonly lapses: number; readonly atMs: number }>
  /** Sessions that rest after a failure. */
  resting: Set<SessionId>
  /** When time alone changes something, as wake.ts found it; undefined: to be found anew. */
  wakeMs: number | null | undefined
  /** No lease expires before. */
  expiryMs: number
  /** When a referee last went away, or lost its engine. */
  refereeLeftMs: number
  /** When an agent whose word counts, the referee aside, last went away. */
  checkerLeftMs: number
  /** Changes whenever who may work on what could have changed. */
  fleet: number
  /** Whose change made it the last few times, as often as there are entries: fleet.ts. */
  changed: SessionId[]
  /** Sessions whose tally changed since it was last sent. */
  tallyChanged: Set<SessionId>
  /** The number of the operator's last order that it has heard, about whomever. */
  lastOrder: number
  epoch: number
  /** Numbers assignments; the edge makes opaque ids of it. */
  assignments: number
  readonly counts: Counts
  readonly settings: HubSettings
}

export interface HubSettings {
  /** A referee is started by this server: worth waiting for. */
  readonly referee: boolean
  readonly distinctNetwork: boolean
  /** How long an exposed identity stays away. */
  readonly quarantineMs: number
  /** Opaque and unpredictable, from the assignment's number. */
  readonly assignmentId: (number: number) => AssignmentId
  /** In [0, 1), unpredictable to agents: who checks what. */
  readonly random: () => number
}

export function createHubState(settings: HubSettings): HubState {
  return {
    nowMs: 0,
    jobs: new Map(),
    agents: new Map(),
    quarantined: new Set(),
    quarantines: new Map(),
    standings: new Map(),
    standingsChanged: new Map(),
    suspects: new Map(),
    defenders: new Map(),
    suspended: new Map(),
    roomy: new Set(),
    lapsed: new Map(),
    resting: new Set(),
    wakeMs: undefined,
    expiryMs: Infinity,
    refereeLeftMs: -Infinity,
    checkerLeftMs: -Infinity,
    fleet: 0,
    changed: [],
    tallyChanged: new Set(),
    lastOrder: 0,
    epoch: 0,
    assignments: 0,
    counts: noCounts(),
    settings,
  }
}

/** `basis`: what its row says that the last pass was planned from, before a restart. */
export function createJob(spec: JobSpec, basis: Digest | null = null): Job {
  const all = shardsOf(spec.grid)
  const released = spec.refines ? all - spec.grid.shards : all
  const part = (first: number, end: number): JobPart => {
    return { first, end, answered: 0, accepted: 0, toCheck: 0, settled: false }
  }
  return {
    ...spec,
    phase: 'waiting',
    reason: null,
    announced: 'QUEUED',
    parts: [part(0, released), ...(spec.refines ? [part(released, all)] : [])],
    released: 1,
    basis,
    basisDigests: null,
    shards: Array.from({ length: all }, () => ({
      status: 'open',
      submissions: [],
      excluded: new Few<Identity>(),
      networks: new Few<string>(),
      owners: new Few<ProjectId>(),
      failures: 0,
      veteranFailures: new Few<string>(),
      holders: new Few<AssignmentId>(),
      backedUp: false,
      counted: new Few<Identity>(),
      storing: 0,
      lapsed: false,
      mustCheck: false,
      accepted: null,
      tallied: new Few<Identity>(),
    })),
    open: new Set(Array.from({ length: released }, (_, shard) => shard)),
    toCheck: new Set(),
    disputed: new Set(),
    failing: new Set(),
    drawn: new Map(),
    drawnFor: new Map(),
    drawnUntilMs: Infinity,
    drawnAnew: false,
    executors: new Map(),
    authors: new Set(),
    heldMs: 0,
    executions: 0,
    backups: 0,
    usual: [],
    usualAt: 0,
    contradicted: new Map(),
    answered: 0,
    acceptedCount: 0,
    resumedAtEnd: false,
    voided: 0,
    takenFrom: new Set(),
    checkerMissingSinceMs: null,
    contradictedSinceMs: null,
    degraded: false,
    escalated: false,
    startedMs: Infinity,
    kernelMs: 0,
  }
}

/** Our own mistake if it is not there: ids in queues come from the grid. */
export function shardOf(job: Job, shard: number): Shard {
  const found = job.shards[shard]
  if (found === undefined) throw new Error(`job ${job.id} has no shard ${shard}`)
  return found
}

/** Nothing more is decided of it. */
export const hasEnded = ({ phase }: Job): boolean => phase === 'closing' || phase === 'ended'
