// The row of a project's usage: its lock, its counts, its versions. Every change of memory goes through here first, so that
// a quota is checked against what is there and two writers of a project wait for each other.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { eq, sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { memoryUsage } from '../memory-schema.ts'
import type { Condition, MemoryQuota, MemoryUsage, OverQuota } from '../memory.ts'

/** The greatest code point: no name has it, and every name with a prefix sorts before the prefix and this. */
export const LAST_CHARACTER = '\u{10FFFF}'

export type UsageRow = typeof memoryUsage.$inferSelect

/** Held until the transaction ends. */
export async function lockUsage(db: Db, projectId: ProjectId): Promise<UsageRow> {
  const read = () => db.select().from(memoryUsage).where(eq(memoryUsage.projectId, projectId)).for('update')
  const [row] = await read()
  if (row !== undefined) return row
  await db.insert(memoryUsage).values({ projectId }).onConflictDoNothing()
  const [made] = await read()
  if (made === undefined) throw new Error(`the usage of project ${projectId} was put and is not there`)
  return made
}

const NOTHING: MemoryUsage = { kvKeys: 0, kvBytes: 0, blobs: 0, blobBytes: 0, vmemArrays: 0, vmemBytes: 0 }

export async function usageOf(db: Db, projectId: ProjectId): Promise<MemoryUsage> {
  const [row] = await db.select().from(memoryUsage).where(eq(memoryUsage.projectId, projectId))
  if (row === undefined) return NOTHING
  const { projectId: _own, lastVersion: _version, ...usage } = row
  return usage
}

export type UsageChange = Partial<Omit<UsageRow, 'projectId'>>

/** Adds to the counts. */
export async function changeUsage(db: Db, projectId: ProjectId, by: UsageChange): Promise<void> {
  const set = Object.entries(by).filter(([, amount]) => amount !== 0)
  if (set.length === 0) return
  const added = set.map(([name, amount]) => [name, sql`${columnOf(name)} + ${amount}`])
  await db.update(memoryUsage).set(Object.fromEntries(added)).where(eq(memoryUsage.projectId, projectId))
}

const columnOf = (name: string) => memoryUsage[name as keyof UsageRow]

/** The first quota that these totals exceed; null when they fit. Less than before always fits. */
export function overQuota<Name extends keyof MemoryQuota>(
  quota: Pick<MemoryQuota, Name>,
  before: Pick<MemoryUsage, Name>,
  after: Pick<MemoryUsage, Name>,
): OverQuota<Name> | null {
  for (const limit of Object.keys(after) as Name[]) {
    const most = quota[limit]
    if (most === null || after[limit] <= most || after[limit] <= before[limit]) continue
    return { status: 'over-quota', limit, most, wanted: after[limit] }
  }
  return null
}

/** `version` is what is there; null for nothing. */
export function holds(condition: Condition, version: number | null): boolean {
  switch (condition.kind) {
    case 'always':
      return true
    case 'exists':
      return version !== null
    case 'absent':
      return version === null
    case 'version':
      return version !== null && condition.versions.includes(version)
  }
}
