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
  retirePool,
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
    insertProject: (project, actor) => engine.transaction((db) => insertProject(db, project, actor)),
    project: (id) => engine.run((db) => projectById(db, id)),
    projects: (page) => engine.run((db) => projectsAfter(db, page)),
    updateProject: (id, changeOf, actor) => {
      const nowMs = Date.now()
      return engine.transaction((db) => updateProject(db, id, changeOf, { actor, nowMs }))
    },

    takeRequests: (id, perMinute, asked) => engine.transaction((db) => takeRequests(db, id, perMinute, asked)),

    insertApiKey: (key, most, actor) => engine.transaction((db) => insertApiKey(db, key, most, actor)),
    apiKeys: (projectId, page) => engine.run((db) => apiKeysOf(db, projectId, page)),
    apiKeyByHash: gathered((hashes) => engine.run((db) => apiKeysByHash(db, hashes))),
    revokeApiKey: (projectId, id, atMs, actor) =>
      engine.transaction((db) => revokeApiKey(db, projectId, id, { atMs, actor })),
    touchApiKey: (id, atMs) => engine.run((db) => touchApiKey(db, id, atMs)),

    insertPool: (pool, most, actor) =>
      engine.transaction((db, attempt) => insertPool(db, pool, most, { attempt, actor })),
    retirePool: (projectId, name, atMs, actor) =>
      engine.transaction((db, attempt) => retirePool(db, { projectId, name }, { atMs, attempt, actor })),
    pool: (projectId, name) => engine.run((db) => poolByName(db, projectId, name)),
    pools: (projectId, page) => engine.run((db) => poolsOf(db, projectId, page)),

    insertNodeToken: (token, most, actor) => engine.transaction((db) => insertNodeToken(db, token, most, actor)),
    nodeTokens: (projectId, page) => engine.run((db) => nodeTokensOf(db, projectId, page)),
    nodeTokenByHash: (hash) => engine.run((db) => nodeTokenByHash(db, hash)),
    endedNodeTokens: (ids, nowMs) => engine.run((db) => endedNodeTokens(db, ids, nowMs)),
    revokeNodeToken: (projectId, id, atMs, actor) =>
      engine.transaction((db) => revokeNodeToken(db, projectId, id, { atMs, actor })),
  }
}
