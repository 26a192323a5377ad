// KV: small JSON values under a namespace and a key. Each write is one transaction under the lock of the project's usage;
// on a later attempt what an earlier one wrote is found again by its value and its time.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { and, asc, count, eq, gt, gte, inArray, isNull, lt, lte, min, or, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import { kvEntries } from '../memory-schema.ts'
import type { Condition, KvEntry, KvNamespace, KvWrite, KvWritten, MemoryQuota } from '../memory.ts'
import type { PageOf } from '../tenants.ts'
import { changeUsage, holds, LAST_CHARACTER, lockUsage, overQuota } from './memory-usage.ts'

const inNamespace = (projectId: ProjectId, namespace: string) =>
  and(eq(kvEntries.projectId, projectId), eq(kvEntries.namespace, namespace))
const isLive = (nowMs: number) => or(isNull(kvEntries.expiresAtMs), gt(kvEntries.expiresAtMs, nowMs))

export async function kvByKeys(
  db: Db,
  projectId: ProjectId,
  namespace: string,
  keys: readonly string[],
  nowMs: number,
): Promise<KvEntry[]> {
  if (keys.length === 0) return []
  const rows = await db
    .select()
    .from(kvEntries)
    .where(and(inNamespace(projectId, namespace), inArray(kvEntries.key, [...keys]), isLive(nowMs)))
  return rows.map(entryOf)
}

export async function kvAfter(
  db: Db,
  projectId: ProjectId,
  namespace: string,
  prefix: string,
  { after, limit }: PageOf<string>,
  nowMs: number,
): Promise<KvEntry[]> {
  const within = prefix === '' ? undefined : and(gte(kvEntries.key, prefix), lt(kvEntries.key, prefix + LAST_CHARACTER))
  const behind = after === null ? undefined : gt(kvEntries.key, after)
  const rows = await db
    .select()
    .from(kvEntries)
    .where(and(inNamespace(projectId, namespace), within, behind, isLive(nowMs)))
    .orderBy(asc(kvEntries.key))
    .limit(limit)
  return rows.map(entryOf)
}

/** Counted in the key's index. */
export async function kvNamespaces(
  db: Db,
  projectId: ProjectId,
  { after, limit }: PageOf<string>,
  nowMs: number,
): Promise<KvNamespace[]> {
  const behind = after === null ? undefined : gt(kvEntries.namespace, after)
  return db
    .select({ namespace: kvEntries.namespace, keys: count() })
    .from(kvEntries)
    .where(and(eq(kvEntries.projectId, projectId), behind, isLive(nowMs)))
    .groupBy(kvEntries.namespace)
    .orderBy(asc(kvEntries.namespace))
    .limit(limit)
}

export interface KvPut {
  readonly projectId: ProjectId
  readonly namespace: string
  readonly writes: readonly KvWrite[]
  readonly quota: Pick<MemoryQuota, 'kvKeys' | 'kvBytes'>
  readonly nowMs: number
}

export async function putKv(db: Db, put: KvPut, attempt: number): Promise<KvWritten> {
  const { projectId, namespace, writes, quota, nowMs } = put
  let usage = await lockUsage(db, projectId)
  const before = await stored(db, put)
  const live = (key: string): KvEntry | undefined => {
    const entry = before.get(key)
    return entry !== undefined && (entry.expiresAtMs ?? Infinity) > nowMs ? entry : undefined
  }
  const same = writes.map(({ key, value }) => {
    const entry = before.get(key)
    return entry?.value === value && entry.updatedAtMs === nowMs ? entry : null
  })
  if (attempt > 1 && same.every((entry) => entry !== null)) return { status: 'written', entries: same }
  const keys = writes
    .filter(({ key, condition }) => !holds(condition, live(key)?.version ?? null))
    .map(({ key }) => key)
  if (keys.length > 0) return { status: 'conflict', keys }

  const rows = writes.map((write, i) => {
    const version = usage.lastVersion + 1 + i
    const there = live(write.key)
    const expiresAtMs = write.expiresAtMs === 'keep' ? (there?.expiresAtMs ?? null) : write.expiresAtMs
    return { ...rowOf(put, write), version, expiresAtMs, createdAtMs: there?.createdAtMs ?? nowMs }
  })
  const after = (): { kvKeys: number; kvBytes: number } => ({
    kvKeys: usage.kvKeys + rows.filter(({ key }) => !before.has(key)).length,
    kvBytes: usage.kvBytes + rows.reduce((sum, { key, bytes }) => sum + bytes - (before.get(key)?.bytes ?? 0), 0),
  })
  if (overQuota(quota, usage, after()) !== null) {
    // What has expired makes room; what is written now keeps its row.
    await removeExpired(db, projectId, nowMs, { but: { namespace, keys: writes.map(({ key }) => key) } })
    usage = await lockUsage(db, projectId)
    const over = overQuota(quota, usage, after())
    if (over !== null) return over
  }
  const excluded = (name: string) => sql.raw(`excluded.${name}`)
  await db
    .insert(kvEntries)
    .values(rows)
    .onConflictDoUpdate({
      target: [kvEntries.projectId, kvEntries.namespace, kvEntries.key],
      set: {
        value: excluded('value'),
        bytes: excluded('bytes'),
        version: excluded('version'),
        createdAtMs: excluded('created_at_ms'),
        updatedAtMs: excluded('updated_at_ms'),
        expiresAtMs: excluded('expires_at_ms'),
      },
    })
  const { kvKeys, kvBytes } = after()
  await changeUsage(db, projectId, {
    lastVersion: rows.length,
    kvKeys: kvKeys - usage.kvKeys,
    kvBytes: kvBytes - usage.kvBytes,
  })
  return { status: 'written', entries: rows.map(entryOf) }
}

export async function deleteKv(
  db: Db,
  { projectId, namespace, nowMs }: Pick<KvPut, 'projectId' | 'namespace' | 'nowMs'>,
  key: string,
  condition: Condition,
  attempt: number,
): Promise<'deleted' | 'absent' | 'conflict'> {
  await lockUsage(db, projectId)
  const own = and(inNamespace(projectId, namespace), eq(kvEntries.key, key))
  const [row] = await db
    .select()
    .from(kvEntries)
    .where(and(own, isLive(nowMs)))
  // An earlier attempt may have deleted it: what its caller wanted is so either way.
  if (row === undefined) return attempt > 1 ? 'deleted' : 'absent'
  if (!holds(condition, row.version)) return 'conflict'
  await db.delete(kvEntries).where(own)
  await changeUsage(db, projectId, { kvKeys: -1, kvBytes: -row.bytes })
  return 'deleted'
}

/** The projects with something that has expired, a bounded number of them. */
export async function projectsWithExpiredKv(db: Db, nowMs: number): Promise<ProjectId[]> {
  const rows = await db
    .selectDistinct({ projectId: kvEntries.projectId })
    .from(kvEntries)
    .where(lte(kvEntries.expiresAtMs, nowMs))
    .limit(STORE_LIMITS.sweptPerBatch)
  return rows.map(({ projectId }) => projectId)
}

/** A bounded number; true when there may be more. */
export async function sweepKv(db: Db, projectId: ProjectId, nowMs: number): Promise<boolean> {
  await lockUsage(db, projectId)
  return (await removeExpired(db, projectId, nowMs)) === STORE_LIMITS.sweptPerBatch
}

export async function nextKvExpiry(db: Db): Promise<number | null> {
  const [row] = await db.select({ next: min(kvEntries.expiresAtMs) }).from(kvEntries)
  return row?.next ?? null
}

async function removeExpired(
  db: Db,
  projectId: ProjectId,
  nowMs: number,
  { but }: { but?: { readonly namespace: string; readonly keys: readonly string[] } } = {},
): Promise<number> {
  const kept = but && sql`not (${kvEntries.namespace} = ${but.namespace} and ${inArray(kvEntries.key, [...but.keys])})`
  const expired = await db
    .select({ namespace: kvEntries.namespace, key: kvEntries.key, bytes: kvEntries.bytes })
    .from(kvEntries)
    .where(and(eq(kvEntries.projectId, projectId), lte(kvEntries.expiresAtMs, nowMs), kept))
    .limit(STORE_LIMITS.sweptPerBatch)
  if (expired.length === 0) return 0
  const names = expired.map(({ namespace, key }) => sql`(${namespace}, ${key})`)
  await db
    .delete(kvEntries)
    .where(
      and(
        eq(kvEntries.projectId, projectId),
        sql`(${kvEntries.namespace}, ${kvEntries.key}) in (${sql.join(names, sql`, `)})`,
      ),
    )
  const bytes = expired.reduce((sum, entry) => sum + entry.bytes, 0)
  await changeUsage(db, projectId, { kvKeys: -expired.length, kvBytes: -bytes })
  return expired.length
}

async function stored(db: Db, { projectId, namespace, writes }: KvPut): Promise<Map<string, KvEntry>> {
  const keys = writes.map(({ key }) => key)
  const rows = await db
    .select()
    .from(kvEntries)
    .where(and(inNamespace(projectId, namespace), inArray(kvEntries.key, keys)))
  return new Map(rows.map((row) => [row.key, entryOf(row)]))
}

function rowOf({ projectId, namespace, nowMs }: KvPut, { key, value }: KvWrite) {
  const bytes = [namespace, key, value].reduce((sum, text) => sum + utf8(text).length, 0)
  return { projectId, namespace, key, value, bytes, updatedAtMs: nowMs }
}

const entryOf = ({ projectId: _own, ...entry }: typeof kvEntries.$inferSelect): KvEntry => entry
