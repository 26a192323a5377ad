// Pools and the tokens of their agents. A pool that is deleted keeps its row, which its tokens name; a token changes once,
// when it is revoked.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt, lte, or, sql } from 'drizzle-orm'
import type { Actor } from '../acts.ts'
import type { Db } from '../engine.ts'
import { nodeTokens, pools } from '../pool-schema.ts'
import { jobs } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { NodeTokenRow, PageOf, PoolRow, PoolUse } from '../tenants.ts'
import { appendAct } from './acts.ts'
import { lockProject } from './projects.ts'

export async function insertPool(
  db: Db,
  pool: PoolRow,
  most: number,
  { attempt, actor = 'server' }: { readonly attempt: number; readonly actor: Actor | undefined },
): Promise<'inserted' | 'exists' | 'too-many'> {
  await lockProject(db, pool.projectId)
  const stored = await poolByName(db, pool.projectId, pool.name)
  if (stored !== null) return attempt > 1 && stored.createdAtMs === pool.createdAtMs ? 'inserted' : 'exists'
  const [held] = await db
    .select({ pools: count() })
    .from(pools)
    .where(and(eq(pools.projectId, pool.projectId), isNull(pools.retiredAtMs)))
  if ((held?.pools ?? 0) >= most) return 'too-many'
  const again = { createdAtMs: pool.createdAtMs, retiredAtMs: null }
  await db
    .insert(pools)
    .values(pool)
    .onConflictDoUpdate({ target: [pools.projectId, pools.name], set: again })
  const { projectId: chain, createdAtMs: atMs, name: subject } = pool
  await appendAct(db, { chain, atMs, actor, type: 'pool.created', subject, data: {} })
  return 'inserted'
}

/**
 * A contract that was looked at before, and is registered behind this, names a pool that is gone: without agents it fails at
 * its deadline and is not billed. A token can come so, too; its pool is then one of no job's.
 */
export async function retirePool(
  db: Db,
  { projectId, name }: Pick<PoolRow, 'projectId' | 'name'>,
  {
    atMs,
    attempt,
    actor = 'server',
  }: { readonly atMs: number; readonly attempt: number; readonly actor: Actor | undefined },
): Promise<'retired' | PoolUse | null> {
  await lockProject(db, projectId)
  const own = and(eq(pools.projectId, projectId), eq(pools.name, name))
  const [row] = await db.select({ retiredAtMs: pools.retiredAtMs }).from(pools).where(own)
  if (row === undefined) return null
  if (row.retiredAtMs !== null) return attempt > 1 && row.retiredAtMs === atMs ? 'retired' : null
  const use = await useOf(db, projectId, { name, atMs })
  if (use.openTokens > 0 || use.unfinishedJobs > 0) return use
  await db.update(pools).set({ retiredAtMs: atMs }).where(own)
  await appendAct(db, { chain: projectId, atMs, actor, type: 'pool.deleted', subject: name, data: {} })
  return 'retired'
}

async function useOf(
  db: Db,
  projectId: ProjectId,
  { name, atMs }: { readonly name: string; readonly atMs: number },
): Promise<PoolUse> {
  const isOpen = and(
    isNull(nodeTokens.revokedAtMs),
    or(isNull(nodeTokens.expiresAtMs), gt(nodeTokens.expiresAtMs, atMs)),
  )
  const [tokens] = await db
    .select({ open: count() })
    .from(nodeTokens)
    .where(and(eq(nodeTokens.projectId, projectId), eq(nodeTokens.pool, name), isOpen))
  const asksForIt = sql`${jobs.request}::json -> 'policy' ->> 'pool' = ${name}`
  const [unfinished] = await db
    .select({ jobs: count() })
    .from(jobs)
    .where(and(isNull(jobs.finishedAtMs), eq(jobs.projectId, projectId), asksForIt))
  return { openTokens: tokens?.open ?? 0, unfinishedJobs: unfinished?.jobs ?? 0 }
}

const POOL = { projectId: pools.projectId, name: pools.name, createdAtMs: pools.createdAtMs }

export async function poolByName(db: Db, projectId: ProjectId, name: string): Promise<PoolRow | null> {
  const [row] = await db
    .select(POOL)
    .from(pools)
    .where(and(eq(pools.projectId, projectId), eq(pools.name, name), isNull(pools.retiredAtMs)))
  return row ?? null
}

export function poolsOf(db: Db, projectId: ProjectId, { after, limit }: PageOf<string>): Promise<PoolRow[]> {
  const behind = after === null ? undefined : gt(pools.name, after)
  return db
    .select(POOL)
    .from(pools)
    .where(and(eq(pools.projectId, projectId), isNull(pools.retiredAtMs), behind))
    .orderBy(asc(pools.name))
    .limit(limit)
}

export async function insertNodeToken(
  db: Db,
  token: NodeTokenRow,
  most: number,
  actor: Actor = 'server',
): Promise<boolean> {
  await lockProject(db, token.projectId)
  const [stored] = await db.select({ hash: nodeTokens.hash }).from(nodeTokens).where(eq(nodeTokens.id, token.id))
  if (stored !== undefined) {
    if (stored.hash === token.hash) return true
    throw new StoreContradiction(`the node token id ${token.id} belongs to another token`)
  }
  const isOpen = or(isNull(nodeTokens.expiresAtMs), gt(nodeTokens.expiresAtMs, token.createdAtMs))
  const [held] = await db
    .select({ tokens: count() })
    .from(nodeTokens)
    .where(and(eq(nodeTokens.projectId, token.projectId), isNull(nodeTokens.revokedAtMs), isOpen))
  if ((held?.tokens ?? 0) >= most) return false
  await db.insert(nodeTokens).values(token)
  const { projectId: chain, createdAtMs: atMs, id: subject, name, prefix, pool, region, trusted, expiresAtMs } = token
  const data = { name, prefix, pool, region, trusted, expires_at_ms: expiresAtMs }
  await appendAct(db, { chain, atMs, actor, type: 'node-token.created', subject, data })
  return true
}

export function nodeTokensOf(db: Db, projectId: ProjectId, { after, limit }: PageOf<string>): Promise<NodeTokenRow[]> {
  const behind = after === null ? undefined : lt(nodeTokens.id, after)
  return db
    .select()
    .from(nodeTokens)
    .where(and(eq(nodeTokens.projectId, projectId), behind))
    .orderBy(desc(nodeTokens.id))
    .limit(limit)
}

export async function nodeTokenByHash(db: Db, hash: Digest): Promise<NodeTokenRow | null> {
  const [token] = await db.select().from(nodeTokens).where(eq(nodeTokens.hash, hash))
  return token ?? null
}

export async function endedNodeTokens(db: Db, ids: readonly string[], nowMs: number): Promise<string[]> {
  if (ids.length === 0) return []
  const hasEnded = or(isNotNull(nodeTokens.revokedAtMs), lte(nodeTokens.expiresAtMs, nowMs))
  const rows = await db
    .select({ id: nodeTokens.id })
    .from(nodeTokens)
    .where(and(inArray(nodeTokens.id, [...ids]), hasEnded))
  return rows.map(({ id }) => id)
}

export async function revokeNodeToken(
  db: Db,
  projectId: ProjectId,
  id: string,
  { atMs, actor = 'server' }: { readonly atMs: number; readonly actor: Actor | undefined },
): Promise<NodeTokenRow | null> {
  const own = and(eq(nodeTokens.projectId, projectId), eq(nodeTokens.id, id))
  const [revoked] = await db
    .update(nodeTokens)
    .set({ revokedAtMs: atMs })
    .where(and(own, isNull(nodeTokens.revokedAtMs)))
    .returning()
  if (revoked !== undefined) {
    const data = { name: revoked.name, prefix: revoked.prefix }
    await appendAct(db, { chain: projectId, atMs, actor, type: 'node-token.revoked', subject: id, data })
    return revoked
  }
  const [before] = await db.select().from(nodeTokens).where(own)
  return before ?? null
}
