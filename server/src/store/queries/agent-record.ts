// What one identity did: sums over its own rows, and the newest of what a person looks at one by one. Each part begins with
// an index by executor, so that it costs the same however much others did.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { and, count, desc, eq, sql, sum } from 'drizzle-orm'
import type { AgentRecord } from '../agent-record.ts'
import type { Db } from '../engine.ts'
import { account } from '../ledger-store.ts'
import { STORE_LIMITS } from '../limits.ts'
import { executors, jobs, quarantines, releases, submissions, verdicts, voids } from '../schema.ts'
import { seals } from '../seal-schema.ts'
import { sumOfMany } from './balances.ts'

export async function agentRecord(db: Db, identity: Identity): Promise<AgentRecord> {
  // A job that ends meanwhile is in the sums at least, if it is not among the receipts: what is listed is always counted.
  const receipts = await receiptsOf(db, identity)
  const rejections = await rejectionsOf(db, identity)
  const [done] = await db
    .select({ jobs: count(), shards: sum(executors.shards).mapWith(Number) })
    .from(executors)
    .where(eq(executors.executor, identity))
  const [gone] = await db.select({ shards: count() }).from(voids).where(eq(voids.executor, identity))
  return {
    jobs: done?.jobs ?? 0,
    accepted: done?.shards ?? 0,
    rejected: gone?.shards ?? 0,
    microCredits: await sumOfMany(db, account.agent(identity)),
    quarantine: await lastQuarantine(db, identity),
    rejections,
    receipts,
  }
}

async function lastQuarantine(db: Db, identity: Identity): Promise<AgentRecord['quarantine']> {
  const [last] = await db
    .select({
      number: quarantines.number,
      reason: quarantines.reason,
      atMs: quarantines.atMs,
      released: sql<boolean>`${releases.identity} is not null`,
    })
    .from(quarantines)
    .leftJoin(releases, and(eq(releases.identity, quarantines.identity), eq(releases.number, quarantines.number)))
    .where(eq(quarantines.identity, identity))
    .orderBy(desc(quarantines.number))
    .limit(1)
  return last ?? null
}

/** Those whose bits differ from the accepted ones first: the others are void because of them. */
function rejectionsOf(db: Db, identity: Identity): Promise<AgentRecord['rejections'][number][]> {
  const newest = db
    .select()
    .from(voids)
    .where(eq(voids.executor, identity))
    .orderBy(desc(voids.jobId))
    .limit(STORE_LIMITS.voidsPerRecord)
    .as('voids')
  return db
    .select({
      jobId: newest.jobId,
      shard: newest.shard,
      engine: submissions.engine,
      digest: submissions.digest,
      accepted: verdicts.digest,
      reason: newest.reason,
    })
    .from(newest)
    .innerJoin(
      submissions,
      and(
        eq(submissions.jobId, newest.jobId),
        eq(submissions.shard, newest.shard),
        eq(submissions.executor, newest.executor),
      ),
    )
    .leftJoin(verdicts, and(eq(verdicts.jobId, newest.jobId), eq(verdicts.shard, newest.shard)))
    .orderBy(
      sql`${verdicts.digest} is not null and ${verdicts.digest} <> ${submissions.digest} desc`,
      desc(newest.jobId),
      newest.shard,
    )
    .limit(STORE_LIMITS.recordRows)
}

function receiptsOf(db: Db, identity: Identity): Promise<AgentRecord['receipts'][number][]> {
  return db
    .select({
      jobId: executors.jobId,
      op: jobs.op,
      shards: executors.shards,
      of: sql<number>`(${jobs.answer}::json -> 'hub' -> 'metrics' ->> 'shards')::integer`.mapWith(Number),
      finishedAtMs: sql<number>`${jobs.finishedAtMs}`.mapWith(Number),
      receipt: seals.digest,
    })
    .from(executors)
    .innerJoin(jobs, eq(jobs.id, executors.jobId))
    .leftJoin(seals, and(eq(seals.jobId, executors.jobId), eq(seals.kind, 'receipt'), eq(seals.number, 0)))
    .where(eq(executors.executor, identity))
    .orderBy(desc(executors.jobId))
    .limit(STORE_LIMITS.recordRows)
}
