// The tenants' part of the store on an engine: which query each method runs, and what is one transaction.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import type { Engine } from './engine.ts'
import { gathered } from './gathered.ts'
import { apiKeysByHash, apiKeysOf, insertApiKey, revokeApiKey, touchApiKey } from './queries/api-keys.ts'
import {
  endedNodeTokens,
  insertNodeToken,
  insertPool,
  nodeTokenByHash,
  nodeTokensOf,
  poolByName,
  poolsOf,
  revokeNodeToken,
} from './queries/pools.ts'
import { defaultProject, insertProject, projectById, projectsAfter, updateProject } from './queries/projects.ts'
import { takeRequests } from './queries/request-buckets.ts'
import type { TenantStore } from './tenants.ts'

export function createTenants(engine: Engine): TenantStore {
  // It is asked for with each request of the configured key, is never deleted, and stays the same one.
  let known: ProjectId | null = null
  return {
    async defaultProject() {
      const fresh = ulid() as ProjectId
      const nowMs = Date.now()
      known ??= await engine.transaction((db) => defaultProject(db, fresh, nowMs))
      return known
    },
    insertProject: (project) => engine.transaction((db) => insertProject(db, project)),
    project: (id) => engine.run((db) => projectById(db, id)),
    projects: (page) => engine.run((db) => projectsAfter(db, page)),
    updateProject: (id, changeOf) => engine.transaction((db) => updateProject(db, id, changeOf)),

    takeRequests: (id, perMinute, asked) => engine.transaction((db) => takeRequests(db, id, perMinute, asked)),

    insertApiKey: (key, most) => engine.transaction((db) => insertApiKey(db, key, most)),
    apiKeys: (projectId, page) => engine.run((db) => apiKeysOf(db, projectId, page)),
    apiKeyByHash: gathered((hashes) => engine.run((db) => apiKeysByHash(db, hashes))),
    revokeApiKey: (projectId, id, atMs) => engine.transaction((db) => revokeApiKey(db, projectId, id, atMs)),
    touchApiKey: (id, atMs) => engine.run((db) => touchApiKey(db, id, atMs)),

    insertPool: (pool, most) => engine.transaction((db, attempt) => insertPool(db, pool, most, attempt)),
    pool: (projectId, name) => engine.run((db) => poolByName(db, projectId, name)),
    pools: (projectId, page) => engine.run((db) => poolsOf(db, projectId, page)),

    insertNodeToken: (token, most) => engine.transaction((db) => insertNodeToken(db, token, most)),
    nodeTokens: (projectId, page) => engine.run((db) => nodeTokensOf(db, projectId, page)),
    nodeTokenByHash: (hash) => engine.run((db) => nodeTokenByHash(db, hash)),
    endedNodeTokens: (ids, nowMs) => engine.run((db) => endedNodeTokens(db, ids, nowMs)),
    revokeNodeToken: (projectId, id, atMs) => engine.transaction((db) => revokeNodeToken(db, projectId, id, atMs)),
  }
}
