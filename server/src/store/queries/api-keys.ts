// The keys that speak for a project. A row changes twice at most in what it says: its last use, coarsely, and once its
// revocation; a trigger refuses everything else.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { and, count, desc, eq, gt, isNull, lt, or } from 'drizzle-orm'
import type { Actor } from '../acts.ts'
import type { Db } from '../engine.ts'
import { isAnyOf, perHandle, textArray } from '../prepared.ts'
import { apiKeys } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { ApiKeyRow, PageOf } from '../tenants.ts'
import { appendAct } from './acts.ts'
import { lockProject } from './projects.ts'

export async function insertApiKey(db: Db, key: ApiKeyRow, most: number, actor: Actor = 'server'): Promise<boolean> {
  await lockProject(db, key.projectId)
  const [stored] = await db.select({ hash: apiKeys.hash }).from(apiKeys).where(eq(apiKeys.id, key.id))
  if (stored !== undefined) {
    // The commit of an earlier attempt was done and its answer lost.
    if (stored.hash === key.hash) return true
    throw new StoreContradiction(`the API key id ${key.id} belongs to another key`)
  }
  const isOpen = or(isNull(apiKeys.expiresAtMs), gt(apiKeys.expiresAtMs, key.createdAtMs))
  const [held] = await db
    .select({ keys: count() })
    .from(apiKeys)
    .where(and(eq(apiKeys.projectId, key.projectId), isNull(apiKeys.revokedAtMs), isOpen))
  if ((held?.keys ?? 0) >= most) return false
  await db.insert(apiKeys).values(key)
  const { projectId: chain, createdAtMs: atMs, id: subject, name, prefix, scopes, expiresAtMs } = key
  const data = { name, prefix, scopes, expires_at_ms: expiresAtMs }
  await appendAct(db, { chain, atMs, actor, type: 'key.created', subject, data })
  return true
}

export function apiKeysOf(db: Db, projectId: ProjectId, { after, limit }: PageOf<string>): Promise<ApiKeyRow[]> {
  const behind = after === null ? undefined : lt(apiKeys.id, after)
  return db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.projectId, projectId), behind))
    .orderBy(desc(apiKeys.id))
    .limit(limit)
}

const byHash = perHandle((db) =>
  db.select().from(apiKeys).where(isAnyOf(apiKeys.hash, 'hashes')).prepare('api_keys_by_hash'),
)

export async function apiKeysByHash(db: Db, hashes: readonly Digest[]): Promise<Map<Digest, ApiKeyRow>> {
  const rows = await byHash(db).execute({ hashes: textArray(hashes) })
  return new Map(rows.map((row) => [row.hash, row]))
}

export async function revokeApiKey(
  db: Db,
  projectId: ProjectId,
  id: string,
  { atMs, actor = 'server' }: { readonly atMs: number; readonly actor: Actor | undefined },
): Promise<ApiKeyRow | null> {
  const own = and(eq(apiKeys.projectId, projectId), eq(apiKeys.id, id))
  const [revoked] = await db
    .update(apiKeys)
    .set({ revokedAtMs: atMs })
    .where(and(own, isNull(apiKeys.revokedAtMs)))
    .returning()
  if (revoked !== undefined) {
    const data = { name: revoked.name, prefix: revoked.prefix }
    await appendAct(db, { chain: projectId, atMs, actor, type: 'key.revoked', subject: id, data })
    return revoked
  }
  const [before] = await db.select().from(apiKeys).where(own)
  return before ?? null
}

export async function touchApiKey(db: Db, id: string, atMs: number): Promise<void> {
  const isLater = or(isNull(apiKeys.lastUsedAtMs), lt(apiKeys.lastUsedAtMs, atMs))
  await db
    .update(apiKeys)
    .set({ lastUsedAtMs: atMs })
    .where(and(eq(apiKeys.id, id), isLater))
}
