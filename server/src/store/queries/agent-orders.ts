// The operator's orders about agents: only added, one after another.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { and, asc, desc, eq, gt, gte, max, sql } from 'drizzle-orm'
import { agentOrders } from '../act-schema.ts'
import { OPERATOR_CHAIN } from '../acts.ts'
import type { AgentOrder, AwayTerms, NewOrder } from '../agent-orders.ts'
import type { Db } from '../engine.ts'
import { STORE_LIMITS } from '../limits.ts'
import type { ReleaseRow } from '../store.ts'
import { appendAct } from './acts.ts'
import { quarantined } from './exposures.ts'

/** Held to the end of the transaction: orders become durable in the order of their numbers. */
const ORDER_LOCK = 0x6f_72_64

const ACT_OF = { quarantine: 'agent.quarantined', release: 'agent.released', ban: 'agent.banned' } as const

export async function orderAgent(db: Db, order: NewOrder, terms: AwayTerms, attempt: number): Promise<boolean> {
  const { actor, ...row } = order
  await lockOrders(db)
  const last = await lastOrder(db, order.identity)
  // The commit of an earlier attempt was done and its answer lost.
  if (attempt > 1 && last?.kind === order.kind && last.atMs === order.atMs && last.reason === order.reason) return true
  if (!(await changes(db, order, last, terms))) return false
  await append(db, row)
  const { kind, identity: subject, reason, atMs } = order
  await appendAct(db, { chain: OPERATOR_CHAIN, atMs, actor, type: ACT_OF[kind], subject, data: { reason } })
  return true
}

async function changes(
  db: Db,
  { identity, kind, atMs }: NewOrder,
  last: AgentOrder | null,
  terms: AwayTerms,
): Promise<boolean> {
  if (kind === 'ban') return last?.kind !== 'ban'
  const waits =
    last?.kind === 'ban' ||
    (last?.kind === 'quarantine' && atMs < last.atMs + terms.quarantineMs) ||
    (await servesExposure(db, identity, atMs, terms))
  return kind === 'quarantine' ? !waits : waits
}

/** Whether an exposure keeps it away, as the core counts: a day, or for good. */
async function servesExposure(db: Db, identity: Identity, atMs: number, terms: AwayTerms): Promise<boolean> {
  const [exposed] = await quarantined(db, [identity])
  if (exposed === undefined || exposed.released) return false
  const { lastAtMs, previousAtMs } = exposed
  const isSecond = previousAtMs !== null && lastAtMs - previousAtMs < terms.banWithinMs
  if (!isSecond && atMs >= lastAtMs + terms.quarantineMs) return false
  // One release lets it go from what was before it.
  const [letGo] = await db
    .select({ number: agentOrders.number })
    .from(agentOrders)
    .where(and(eq(agentOrders.identity, identity), eq(agentOrders.kind, 'release'), gte(agentOrders.atMs, lastAtMs)))
    .limit(1)
  return letGo === undefined
}

/** False where no order is in force, or one that was given after the last that the release knows. */
export async function endOrder(db: Db, { identity, atMs, lastOrder: known }: ReleaseRow): Promise<boolean> {
  await lockOrders(db)
  const last = await lastOrder(db, identity)
  // By their numbers: the servers of a database have a clock each.
  if (last === null || last.kind === 'requalified' || last.number > known) return false
  const reason = `it returned shards whose answers are known, which ends order ${last.number}`
  await append(db, { identity, kind: 'requalified', reason, atMs })
  return true
}

export function ordersAfter(db: Db, after: number): Promise<AgentOrder[]> {
  return db
    .select()
    .from(agentOrders)
    .where(gt(agentOrders.number, after))
    .orderBy(asc(agentOrders.number))
    .limit(STORE_LIMITS.eventsPerBatch)
}

export const lockOrders = (db: Db) => db.execute(sql`select pg_advisory_xact_lock(${ORDER_LOCK})`)

async function lastOrder(db: Db, identity: Identity): Promise<AgentOrder | null> {
  const [last] = await db
    .select()
    .from(agentOrders)
    .where(eq(agentOrders.identity, identity))
    .orderBy(desc(agentOrders.number))
    .limit(1)
  return last ?? null
}

async function append(db: Db, order: Omit<AgentOrder, 'number'>): Promise<void> {
  const [head] = await db.select({ number: max(agentOrders.number) }).from(agentOrders)
  await db.insert(agentOrders).values({ ...order, number: (head?.number ?? 0) + 1 })
}
