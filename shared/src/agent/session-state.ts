// What the agent's session is made of: its state, the events that change it and the commands that follow. How they
// hang together is session.ts.
import type { Assignment, Ready, Refusal, Reply, Tally } from '../contract/agent-events.ts'
import type { AssignmentId } from '../contract/ids.ts'
import type { Digest } from '../exact/digest.ts'

export const SESSION_LIMITS = {
  /** One runs, one waits, so that the engine never starves between two of them. */
  heldMax: 2,
  /** Results wait this long for company, then they go; a slow shard goes alone, at once. */
  flushMs: 250,
  /**
   * Between two words of progress, or one and an answer: a lease has ten seconds at least, so four may be lost.
   */
  progressMs: 2000,
  /** A connection that held so long was one, whatever came of it: the longest pause between two tries. */
  steadyMs: 60_000,
} as const

export type Phase =
  | 'connecting'
  | 'greeting'
  | 'joining'
  | 'working'
  | 'finishing'
  | 'leaving'
  | 'unfit'
  | 'stopped'
  | 'refused'

export interface ShardResult {
  readonly shard: number
  readonly partial: Uint8Array
  readonly kernelMs: number
}

export interface Held {
  readonly assignment: Assignment
  /** Shards that have neither a result nor a failure. */
  readonly open: ReadonlySet<number>
  /** Results that are not answered yet; at most one answer's worth. */
  readonly results: readonly ShardResult[]
  /** Most units that the engine said it had computed. */
  readonly computed: number
  /** Of them, those that the Hub knows of by a word of progress or by an answer. */
  readonly told: number
  /** When the engine first said so: a short assignment needs no other word than its answers. */
  readonly begunMs: number | undefined
}

export interface Session {
  readonly phase: Phase
  /** What passed; undefined while the self-test runs. */
  readonly readies: readonly Ready[] | undefined
  /** Kernels that were announced on this connection, by digest. */
  readonly kernels: ReadonlyMap<Digest, 'asked' | 'accepted' | 'refused'>
  readonly held: readonly Held[]
  readonly running: AssignmentId | undefined
  /** Frames of all kinds but hellos and readies that the Hub has not acknowledged. */
  readonly unacknowledged: number
  /** Connections in a row that were of no use; 0 before the first. */
  readonly attempt: number
  /** Times in a row that the Hub and this agent did not understand each other: they slow reconnecting down. */
  readonly strikes: number
  readonly flushedMs: number
  readonly progressedMs: number
  readonly tally: Tally
  readonly lastRefusal: Refusal | undefined
  /** Why it is unfit or refused, in a sentence. */
  readonly reason: string | undefined
}

export type SessionEvent =
  /** `protocol`: the newest version that the Hub speaks. */
  | { readonly type: 'challenge'; readonly protocol: number; readonly nonce: string }
  | { readonly type: 'helloReply'; readonly reply: Reply }
  | { readonly type: 'selfTestPassed'; readonly readies: readonly Ready[] }
  | { readonly type: 'selfTestFailed'; readonly reason: string }
  | { readonly type: 'readyReply'; readonly ready: Ready; readonly reply: Reply }
  | { readonly type: 'assigned'; readonly assignment: Assignment }
  /** Units of the assignment, those of unfinished shards included; less than before when an engine was lost. */
  | {
      readonly type: 'computed'
      readonly assignmentId: AssignmentId
      readonly units: number
      readonly nowMs: number
    }
  | {
      readonly type: 'shardDone'
      readonly assignmentId: AssignmentId
      readonly result: ShardResult
      readonly nowMs: number
    }
  | {
      readonly type: 'shardFailed'
      readonly assignmentId: AssignmentId
      readonly shard: number
      readonly reason: string
    }
  /** Once for each `run`, after its last shard or its abort. */
  | { readonly type: 'runEnded'; readonly assignmentId: AssignmentId }
  | { readonly type: 'engineFailed'; readonly reason: string }
  /** Of a pause: null. */
  | { readonly type: 'acknowledged'; readonly assignmentId: AssignmentId | null; readonly reply: Reply }
  | { readonly type: 'revoked'; readonly assignmentId: AssignmentId }
  | { readonly type: 'tally'; readonly tally: Tally }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** A frame that no schema knows. */
  | { readonly type: 'misunderstood' }
  /** `livedMs`: since the Hub's challenge; 0 where none came. */
  | { readonly type: 'disconnected'; readonly livedMs: number }
  | { readonly type: 'finish' }
  | { readonly type: 'stop' }

export type Command =
  | { readonly type: 'hello'; readonly nonce: string }
  | { readonly type: 'ready'; readonly ready: Ready }
  | { readonly type: 'selfTest' }
  /** Those of its shards that are open. */
  | { readonly type: 'run'; readonly assignment: Assignment; readonly shards: readonly number[] }
  | { readonly type: 'abort'; readonly assignmentId: AssignmentId }
  | { readonly type: 'answer'; readonly assignment: Assignment; readonly results: readonly ShardResult[] }
  | { readonly type: 'progress'; readonly assignment: Assignment; readonly units: number }
  | { readonly type: 'failed'; readonly assignment: Assignment; readonly shard: number; readonly reason: string }
  | { readonly type: 'handback'; readonly assignment: Assignment }
  | { readonly type: 'pause' }
  /** Attempt 0 at once, later ones after a back-off. */
  | { readonly type: 'connect'; readonly attempt: number }
  | { readonly type: 'disconnect' }

export interface Step {
  readonly session: Session
  readonly commands: readonly Command[]
}

export function openSession(): Step {
  const session: Session = {
    phase: 'connecting',
    readies: undefined,
    kernels: new Map(),
    held: [],
    running: undefined,
    unacknowledged: 0,
    attempt: 0,
    strikes: 0,
    flushedMs: -Infinity,
    progressedMs: -Infinity,
    tally: { accepted: 0, pending: 0, rejected: 0 },
    lastRefusal: undefined,
    reason: undefined,
  }
  return { session, commands: [{ type: 'selfTest' }, { type: 'connect', attempt: 0 }] }
}

export const isLive = ({ phase }: Session): boolean => phase !== 'unfit' && phase !== 'stopped' && phase !== 'refused'
