// What a list of agents says of each from the store: sums over its own rows, why it is away, and what it did for a project.
import { engineNameSchema, type Identity, type ProjectId } from '@forge/shared/contract/ids.ts'
import { and, count, desc, eq, inArray, max, sql, sum } from 'drizzle-orm'
import { agentOrders } from '../act-schema.ts'
import type { IdentityFault, IdentityTotals, ProjectWork } from '../agent-orders.ts'
import type { Db } from '../engine.ts'
import { ledgerEntries } from '../ledger-schema.ts'
import { account } from '../ledger-store.ts'
import { STORE_LIMITS } from '../limits.ts'
import { executors, jobs, quarantines, standings, submissions, voids } from '../schema.ts'
import { isOfVoid } from './shards.ts'

export async function knowsIdentity(db: Db, identity: Identity): Promise<boolean> {
  const known = sql<boolean>`exists (select 1 from ${standings} where identity = ${identity})
    or exists (select 1 from ${executors} where executor = ${identity})
    or exists (select 1 from ${quarantines} where identity = ${identity})
    or exists (select 1 from ${agentOrders} where identity = ${identity})`
  const [row] = await db.select({ known }).from(sql`(select 1) as one`)
  return row?.known === true
}

/** One answer tells it: who has the referee's token is always trusted without an owner, and nobody else is. */
export async function wasReferee(db: Db, identity: Identity): Promise<boolean> {
  const one = db
    .select({ jobId: executors.jobId })
    .from(executors)
    .where(eq(executors.executor, identity))
    .limit(1)
    .as('one')
  const [answer] = await db
    .select({ trusted: submissions.trusted, owner: submissions.owner })
    .from(one)
    .innerJoin(submissions, and(eq(submissions.jobId, one.jobId), eq(submissions.executor, identity)))
    .limit(1)
  return answer?.trusted === true && answer.owner === null
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

export async function workFor(db: Db, projectId: ProjectId): Promise<ProjectWork[]> {
  const newest = db
    .select({ id: jobs.id, createdAtMs: jobs.createdAtMs })
    .from(jobs)
    .where(eq(jobs.projectId, projectId))
    .orderBy(desc(jobs.createdAtMs), desc(jobs.id))
    .limit(STORE_LIMITS.jobsPerWork)
    .as('newest')
  const rows = await db
    .select({
      identity: submissions.executor,
      jobs: sql<number>`count(distinct ${submissions.jobId})`.mapWith(Number),
      answers: count(),
      voided: count(voids.jobId),
      engines: sql<string>`string_agg(distinct ${submissions.engine}, ' ')`,
      trusted: sql<boolean>`bool_or(${submissions.trusted})`,
      lastAtMs: max(newest.createdAtMs).mapWith(Number),
    })
    .from(newest)
    .innerJoin(submissions, eq(submissions.jobId, newest.id))
    .leftJoin(voids, isOfVoid)
    .groupBy(submissions.executor)
  return rows.map(({ engines, ...row }) => ({ ...row, engines: engineNameSchema.array().parse(engines.split(' ')) }))
}
