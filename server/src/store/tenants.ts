// Tenants in the store: projects, the keys that speak for them, their pools and the tokens of their agents. Secrets are
// kept as digests alone. Keys and tokens are never deleted: revoking one adds its time, which nothing takes back. Whoever
// changes one is named in the act that is written with it: the server itself, unless said.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Actor } from './acts.ts'

export interface ProjectRow {
  readonly id: ProjectId
  readonly name: string
  readonly createdAtMs: number
  /** Canonical JSON of the limits that differ from the defaults of this version. */
  readonly limits: string
}

export type ProjectChange = Partial<Pick<ProjectRow, 'name' | 'limits'>>

export interface ApiKeyRow {
  readonly id: string
  readonly projectId: ProjectId
  readonly name: string
  /** Digest (domain `api-key.v1`) of the key's text. */
  readonly hash: Digest
  /** The first characters, to tell keys apart. */
  readonly prefix: string
  /** Names with a space between them; `*` for all that there are, now and later. */
  readonly scopes: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  /** Coarse: a use within an hour of this one is not written. */
  readonly lastUsedAtMs: number | null
}

export interface PoolRow {
  readonly projectId: ProjectId
  /** Unique in its project. */
  readonly name: string
  readonly createdAtMs: number
}

/** What still needs a pool. */
export interface PoolUse {
  /** Neither revoked nor expired. */
  readonly openTokens: number
  readonly unfinishedJobs: number
}

/** What an agent says to be counted as a project's own. */
export interface NodeTokenRow {
  readonly id: string
  /** The owner. */
  readonly projectId: ProjectId
  readonly name: string
  /** Null: for the jobs of every project. */
  readonly pool: string | null
  /** Where its agents are, in the words of who made it; null: it does not say. */
  readonly region: string | null
  /** Only an operator says so. */
  readonly trusted: boolean
  /** Its region then holds for the jobs of every project; else for those of its own. */
  readonly madeByOperator: boolean
  /** Digest (domain `node-token.v1`) of the token's text. */
  readonly hash: Digest
  readonly prefix: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
}

/** What comes behind this id, in the order of ids, newest first; null is before the newest. */
export interface PageOf<Key> {
  readonly after: Key | null
  readonly limit: number
}

export interface TakenRequests {
  readonly granted: number
  /** Whole requests that are left for others, after this. */
  readonly left: number
  /** Until there is one; 0 when there is one left. */
  readonly nextInMs: number
}

export interface TenantStore {
  /** The project of a fresh installation; made on the first call. */
  defaultProject(): Promise<ProjectId>
  insertProject(project: ProjectRow, actor?: Actor): Promise<void>
  project(id: ProjectId): Promise<ProjectRow | null>
  /** Newest first. */
  projects(page: PageOf<string>): Promise<ProjectRow[]>
  /**
   * The project after the change, which is made of what is there at that moment, and may be made of it again when a commit's
   * answer was lost; an empty one changes nothing. Null when there is no such project.
   */
  updateProject(
    id: ProjectId,
    changeOf: (before: ProjectRow) => ProjectChange,
    actor?: Actor,
  ): Promise<ProjectRow | null>

  /**
   * Takes up to `asked` requests, at least one, out of what the project may still make, on the database's clock: so that
   * all servers of the database together keep to `perMinute`.
   */
  takeRequests(projectId: ProjectId, perMinute: number, asked: number): Promise<TakenRequests>

  /** False, and nothing written, when the project has `most` keys that are neither revoked nor expired. */
  insertApiKey(key: ApiKeyRow, most: number, actor?: Actor): Promise<boolean>
  /** Newest first, revoked ones too. */
  apiKeys(projectId: ProjectId, page: PageOf<string>): Promise<ApiKeyRow[]>
  apiKeyByHash(hash: Digest): Promise<ApiKeyRow | null>
  /** The key as it is then: one that was revoked before stays as it was. Null when the project has no such key. */
  revokeApiKey(projectId: ProjectId, id: string, atMs: number, actor?: Actor): Promise<ApiKeyRow | null>
  /** Never back to an earlier time. */
  touchApiKey(id: string, atMs: number): Promise<void>

  /** `exists` when the project has a pool of that name, `too-many` when it has `most` pools. */
  insertPool(pool: PoolRow, most: number, actor?: Actor): Promise<'inserted' | 'exists' | 'too-many'>
  /**
   * Its name is free then, and those of its tokens that have ended go on to name it. Not while it is in use: null when the
   * project has no such pool.
   */
  retirePool(projectId: ProjectId, name: string, atMs: number, actor?: Actor): Promise<'retired' | PoolUse | null>
  pool(projectId: ProjectId, name: string): Promise<PoolRow | null>
  /** By name. */
  pools(projectId: ProjectId, page: PageOf<string>): Promise<PoolRow[]>

  /** False, and nothing written, when the project has `most` tokens that are neither revoked nor expired. */
  insertNodeToken(token: NodeTokenRow, most: number, actor?: Actor): Promise<boolean>
  nodeTokens(projectId: ProjectId, page: PageOf<string>): Promise<NodeTokenRow[]>
  nodeTokenByHash(hash: Digest): Promise<NodeTokenRow | null>
  /** Those that are revoked by now, or expired. */
  endedNodeTokens(ids: readonly string[], nowMs: number): Promise<string[]>
  revokeNodeToken(projectId: ProjectId, id: string, atMs: number, actor?: Actor): Promise<NodeTokenRow | null>
}
