// Sums over all projects, for whoever watches the server. One statement, over one row a project and a queue that is short.
import { sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { memoryUsage } from '../memory-schema.ts'
import { unsealed } from '../seal-schema.ts'
import type { StoreTotals } from '../totals.ts'

export async function totals(db: Db): Promise<StoreTotals> {
  const waiting = sql<number>`(select count(*) from ${unsealed})`
  const oldest = sql<number | null>`(select min(at_ms) from ${unsealed})`
  const [row] = await db
    .select({
      kvBytes: sql`coalesce(sum(${memoryUsage.kvBytes}), 0)`.mapWith(Number),
      blobBytes: sql`coalesce(sum(${memoryUsage.blobBytes}), 0)`.mapWith(Number),
      vmemBytes: sql`coalesce(sum(${memoryUsage.vmemBytes}), 0)`.mapWith(Number),
      unsealed: waiting.mapWith(Number),
      oldestUnsealedAtMs: oldest.mapWith((text) => (text === null ? null : Number(text))),
    })
    .from(memoryUsage)
  if (row === undefined) throw new Error('a sum is always one row')
  return row
}
