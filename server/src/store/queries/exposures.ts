// Exposures as they are read: all of an identity in one row, and whose changed since.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm'
import { acts } from '../act-schema.ts'
import { OPERATOR_CHAIN } from '../acts.ts'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import { quarantines, releases } from '../schema.ts'
import type { QuarantinedIdentity } from '../store.ts'

/** The chain of acts says in one order for all servers whose exposures changed; what they are now, their own rows say. */
export async function exposuresAfter(
  db: Db,
  after: number,
): Promise<{ readonly through: number; readonly known: QuarantinedIdentity[] }> {
  const next = await db
    .select({ number: acts.number, type: acts.type, subject: acts.subject })
    .from(acts)
    .where(and(eq(acts.chain, OPERATOR_CHAIN), gt(acts.number, after)))
    .orderBy(asc(acts.number))
    .limit(STORE_LIMITS.eventsPerBatch)
  const told = next.filter(({ type }) => type === 'agent.exposed' || type === 'agent.requalified')
  const identities = [...new Set(told.flatMap(({ subject }) => subject ?? []))] as Identity[]
  const known = identities.length === 0 ? [] : await quarantined(db, identities)
  return { through: next.at(-1)?.number ?? after, known }
}

/** Of all, or of some alone. */
export async function quarantined(db: Db, identities?: readonly Identity[]): Promise<QuarantinedIdentity[]> {
  const last = db
    .selectDistinctOn([quarantines.identity], {
      identity: quarantines.identity,
      exposures: sql<number>`count(*) over (partition by ${quarantines.identity})`.mapWith(Number).as('exposures'),
      lastAtMs: sql<number>`${quarantines.atMs}`.mapWith(Number).as('last_at_ms'),
      previousAtMs: sql<
        number | null
      >`lag(${quarantines.atMs}) over (partition by ${quarantines.identity} order by ${quarantines.number})`
        .mapWith((at: unknown) => (at === null ? null : Number(at)))
        .as('previous_at_ms'),
      reason: quarantines.reason,
      released: sql<boolean>`${releases.identity} is not null`.as('released'),
    })
    .from(quarantines)
    .leftJoin(
      releases,
      sql`${releases.identity} = ${quarantines.identity} and ${releases.number} = ${quarantines.number}`,
    )
    .where(identities && inArray(quarantines.identity, [...identities]))
    .orderBy(quarantines.identity, sql`${quarantines.number} desc`)
    .as('last')
  return db.select().from(last).orderBy(last.lastAtMs, last.identity)
}
