// Projects and the keys that speak for them.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { eq } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { apiKeys, projects } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { ApiKeyRow } from '../store.ts'
import { settingOrPut } from './settings.ts'

/** `fresh` is the id that it gets on the first call. */
export async function defaultProject(db: Db, fresh: ProjectId): Promise<ProjectId> {
  const id = (await settingOrPut(db, 'default-project', fresh)) as ProjectId
  await db.insert(projects).values({ id, name: 'default' }).onConflictDoNothing()
  return id
}

export async function insertApiKey(db: Db, key: ApiKeyRow): Promise<void> {
  await db.insert(apiKeys).values(key).onConflictDoNothing({ target: apiKeys.id })
  const [stored] = await db.select().from(apiKeys).where(eq(apiKeys.id, key.id))
  if (stored?.hash !== key.hash) throw new StoreContradiction(`the API key id ${key.id} belongs to another key`)
}

export function keysOf(db: Db, projectId: ProjectId): Promise<ApiKeyRow[]> {
  return db.select().from(apiKeys).where(eq(apiKeys.projectId, projectId)).orderBy(apiKeys.createdAtMs, apiKeys.id)
}

export async function apiKeyByHash(db: Db, hash: Digest): Promise<ApiKeyRow | null> {
  const [key] = await db.select().from(apiKeys).where(eq(apiKeys.hash, hash))
  return key ?? null
}
