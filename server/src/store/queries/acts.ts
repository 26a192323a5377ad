// The chains of what people did. An act is the last thing that its transaction locks, so that two chains never wait for
// each other in a circle.
import { and, desc, eq, lt, sql } from 'drizzle-orm'
import { acts } from '../act-schema.ts'
import { linkedAct, type ActChain, type ActRow, type NewAct } from '../acts.ts'
import type { Db } from '../engine.ts'
import type { PageOf } from '../tenants.ts'

/** Any number will do that no other lock here has; it spells "act". */
const ACT_LOCK_CLASS = 0x61_63_74

export async function appendAct(db: Db, act: NewAct): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${ACT_LOCK_CLASS}::integer, hashtext(${act.chain}))`)
  const [last] = await actsOf(db, act.chain, { after: null, limit: 1 })
  await db.insert(acts).values(linkedAct(act, last ?? null))
}

export function actsOf(db: Db, chain: ActChain, { after, limit }: PageOf<number>): Promise<ActRow[]> {
  const behind = after === null ? undefined : lt(acts.number, after)
  return db
    .select()
    .from(acts)
    .where(and(eq(acts.chain, chain), behind))
    .orderBy(desc(acts.number))
    .limit(limit)
}
