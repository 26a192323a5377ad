// The operator's orders about agents, and what a list of agents says of each from the store.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { and, asc, count, desc, eq, gt, inArray, max, sql, sum } from 'drizzle-orm'
import { agentOrders } from '../act-schema.ts'
import { OPERATOR_CHAIN } from '../acts.ts'
import type { AgentOrder, IdentityFault, IdentityTotals, NewOrder } from '../agent-orders.ts'
import type { Db } from '../engine.ts'
import { ledgerEntries } from '../ledger-schema.ts'
import { account } from '../ledger-store.ts'
import { STORE_LIMITS } from '../limits.ts'
import { executors, quarantines, releases, standings, voids } from '../schema.ts'
import { appendAct } from './acts.ts'

/** Held to the end of the transaction: orders become durable in the order of their numbers. */
const ORDER_LOCK = 0x6f_72_64

const ACT_OF = { quarantine: 'agent.quarantined', release: 'agent.released', ban: 'agent.banned' } as const

export async function orderAgent(db: Db, order: NewOrder, quarantineMs: number, attempt: number): Promise<boolean> {
  const { actor, ...row } = order
  await lockOrders(db)
  const last = await lastOrder(db, order.identity)
  // The commit of an earlier attempt was done and its answer lost.
  if (attempt > 1 && last?.kind === order.kind && last.atMs === order.atMs && last.reason === order.reason) return true
  if (!(await changes(db, order, last, quarantineMs))) return false
  await append(db, row)
  const { kind, identity: subject, reason, atMs } = order
  await appendAct(db, { chain: OPERATOR_CHAIN, atMs, actor, type: ACT_OF[kind], subject, data: { reason } })
  return true
}

async function changes(
  db: Db,
  { identity, kind, atMs }: NewOrder,
  last: AgentOrder | null,
  quarantineMs: number,
): Promise<boolean> {
  if (kind === 'ban') return last?.kind !== 'ban'
  if (kind === 'quarantine') {
    return last?.kind !== 'ban' && !(last?.kind === 'quarantine' && atMs < last.atMs + quarantineMs)
  }
  const exposedAtMs = await exposedSince(db, identity)
  if (last?.kind === 'quarantine' || last?.kind === 'ban') return true
  // One release lets it go from what was before it.
  return exposedAtMs !== null && !(last?.kind === 'release' && last.atMs >= exposedAtMs)
}

/** When it was exposed, if it has not come back since. */
async function exposedSince(db: Db, identity: Identity): Promise<number | null> {
  const [exposed] = await db
    .select({ atMs: quarantines.atMs, isOver: sql<boolean>`${releases.identity} is not null` })
    .from(quarantines)
    .leftJoin(releases, and(eq(releases.identity, quarantines.identity), eq(releases.number, quarantines.number)))
    .where(eq(quarantines.identity, identity))
    .orderBy(desc(quarantines.number))
    .limit(1)
  return exposed === undefined || exposed.isOver ? null : exposed.atMs
}

/** False where no order is in force. */
export async function endOrder(db: Db, identity: Identity, atMs: number): Promise<boolean> {
  await lockOrders(db)
  const last = await lastOrder(db, identity)
  if (last === null || last.kind === 'requalified') return false
  await append(db, { identity, kind: 'requalified', reason: 'it returned shards whose answers are known', atMs })
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

export async function knowsIdentity(db: Db, identity: Identity): Promise<boolean> {
  const known = sql<boolean>`exists (select 1 from ${standings} where identity = ${identity})
    or exists (select 1 from ${executors} where executor = ${identity})
    or exists (select 1 from ${quarantines} where identity = ${identity})
    or exists (select 1 from ${agentOrders} where identity = ${identity})`
  const [row] = await db.select({ known }).from(sql`(select 1) as one`)
  return row?.known === true
}

export async function totalsOf(db: Db, identities: readonly Identity[]): Promise<IdentityTotals[]> {
  if (identities.length === 0) return []
  const ids = [...identities]
  const done = await db
    .select({ identity: executors.executor, jobs: count(), shards: sum(executors.shards).mapWith(Number) })
    .from(executors)
    .where(inArray(executors.executor, ids))
    .groupBy(executors.executor)
  const gone = await db
    .select({ identity: voids.executor, shards: count() })
    .from(voids)
    .where(inArray(voids.executor, ids))
    .groupBy(voids.executor)
  const earned = await db
    .select({ account: ledgerEntries.account, sum: sql<string>`sum(${ledgerEntries.microCredits})::text` })
    .from(ledgerEntries)
    .where(inArray(ledgerEntries.account, ids.map(account.agent)))
    .groupBy(ledgerEntries.account)
  return ids.map((identity) => {
    const of = done.find((row) => row.identity === identity)
    return {
      identity,
      jobs: of?.jobs ?? 0,
      accepted: of?.shards ?? 0,
      rejected: gone.find((row) => row.identity === identity)?.shards ?? 0,
      microCredits: BigInt(earned.find((row) => row.account === account.agent(identity))?.sum ?? 0),
    }
  })
}

export async function faultsOf(db: Db, identities: readonly Identity[]): Promise<IdentityFault[]> {
  if (identities.length === 0) return []
  const exposed = await db
    .selectDistinctOn([quarantines.identity], {
      identity: quarantines.identity,
      reason: quarantines.reason,
      atMs: quarantines.atMs,
    })
    .from(quarantines)
    .where(inArray(quarantines.identity, [...identities]))
    .orderBy(quarantines.identity, desc(quarantines.number))
  const ordered = await db
    .selectDistinctOn([agentOrders.identity], {
      identity: agentOrders.identity,
      reason: agentOrders.reason,
      atMs: agentOrders.atMs,
    })
    .from(agentOrders)
    .where(and(inArray(agentOrders.identity, [...identities]), inArray(agentOrders.kind, ['quarantine', 'ban'])))
    .orderBy(agentOrders.identity, desc(agentOrders.number))
  const last = new Map<Identity, IdentityFault>()
  for (const fault of exposed) last.set(fault.identity, { ...fault, by: 'verification' })
  for (const fault of ordered) {
    const known = last.get(fault.identity)
    if (known === undefined || known.atMs <= fault.atMs) last.set(fault.identity, { ...fault, by: 'operator' })
  }
  return [...last.values()]
}
