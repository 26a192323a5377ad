// What the operator ordered about agents, beside what verification found of them: such orders count no exposure and tell no
// finished job, for nothing was proven. Every server that shares the database reads them on.
import type { EngineName, Identity, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Actor } from './acts.ts'
import type { QuarantinedIdentity } from './store.ts'

/** `requalified` is no order: the identity came back, by the shards whose answers are known. */
export const ORDER_KINDS = ['quarantine', 'release', 'ban', 'requalified'] as const
export type OrderKind = (typeof ORDER_KINDS)[number]

export interface AgentOrder {
  /** Later ones are greater. */
  readonly number: number
  readonly identity: Identity
  readonly kind: OrderKind
  readonly reason: string
  readonly atMs: number
}

export interface NewOrder extends Omit<AgentOrder, 'number' | 'kind'> {
  readonly kind: Exclude<OrderKind, 'requalified'>
  readonly actor: Actor
}

/** For how long an identity is kept away by a quarantine or an exposure; an exposure so soon after another one is for good. */
export interface AwayTerms {
  readonly quarantineMs: number
  readonly banWithinMs: number
}

/** What a store knows of an identity's work, ever. */
export interface IdentityTotals {
  readonly identity: Identity
  readonly jobs: number
  readonly accepted: number
  readonly rejected: number
  readonly microCredits: bigint
}

/** What an identity did in the newest jobs of a project, by their shards. */
export interface ProjectWork {
  readonly identity: Identity
  readonly jobs: number
  readonly answers: number
  readonly voided: number
  readonly engines: readonly EngineName[]
  readonly trusted: boolean
  /** When the newest of those jobs was registered. */
  readonly lastAtMs: number
}

/** Why it may not work, or might not. */
export interface IdentityFault {
  readonly identity: Identity
  readonly reason: string
  readonly atMs: number
  readonly by: 'verification' | 'operator'
}

export interface AgentOrderStore {
  /**
   * With the act that tells of it, in one transaction. False, and nothing written, where it changes nothing: a quarantine of
   * one that is kept away already, by an order or an exposure, a release of one that is not, a ban of one that is banned.
   */
  orderAgent(order: NewOrder, terms: AwayTerms): Promise<boolean>
  /** Those with a greater number than `after`, in their order, in bounded batches; none is the end. */
  agentOrders(after: number): Promise<AgentOrder[]>
  /**
   * Of the identities whose exposures changed, or ended, in the next acts behind the operator's act `after`, by whichever
   * server; in bounded batches, up to the act `through`. It is `after` where that was the last one.
   */
  exposuresAfter(after: number): Promise<{ readonly through: number; readonly known: readonly QuarantinedIdentity[] }>
  /** Whether it has ever answered a shard that stands, or was exposed, or ordered about. */
  knowsIdentity(identity: Identity): Promise<boolean>
  /** Whether it answered shards of a completed job as a server's own referee: trusted, and nobody's. */
  wasReferee(identity: Identity): Promise<boolean>
  /** Of a bounded number of identities: a page of them. */
  totalsOf(identities: readonly Identity[]): Promise<IdentityTotals[]>
  /** Of the newest jobs, a bounded number of them. */
  workFor(projectId: ProjectId): Promise<ProjectWork[]>
  /** The last exposure or order of each, whichever was later. */
  faultsOf(identities: readonly Identity[]): Promise<IdentityFault[]>
}
