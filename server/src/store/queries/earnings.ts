// What a job's executors earn: every answer that stands behind its shard's verdict, first or check. A job that failed or was
// cancelled has no verdicts; there an answer counts when all that answered its shard agree and one of them is more than
// new here, so that keys made in a minute earn nothing by failing together. The referee is the operator's, and earns nothing.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { sql, type SQL } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import type { Terms } from '../ledger-store.ts'
import { perHandle } from '../prepared.ts'
import { submissions, verdicts, voids } from '../schema.ts'

export async function earnedBy(
  db: Db,
  jobId: JobId,
  state: 'COMPLETED' | 'FAILED' | 'CANCELLED',
  terms: Pick<Terms, 'shardMicroCredits' | 'lastShardMicroCredits' | 'shardsPerPass'>,
): Promise<Map<Identity, bigint>> {
  const { shardMicroCredits, lastShardMicroCredits, shardsPerPass } = terms
  const counted = state === 'COMPLETED' ? behindVerdicts : behindAgreement
  const rows = await counted(db).execute({ jobId, shardsPerPass, lastOfPass: shardsPerPass - 1 })
  return new Map(
    rows.map(({ executor, whole, last }) => [
      executor,
      BigInt(whole) * shardMicroCredits + BigInt(last) * lastShardMicroCredits,
    ]),
  )
}

const JOB = sql.placeholder('jobId')

const behindVerdicts = perHandle((db) =>
  counting(db, sql`select shard, digest from ${verdicts} where job_id = ${JOB}`).prepare('earned_behind_verdicts'),
)

const behindAgreement = perHandle((db) =>
  counting(
    db,
    sql`select shard, min(digest) as digest from answers group by shard
      having count(distinct digest) = 1 and bool_or(tier <> 'probation')`,
  ).prepare('earned_behind_agreement'),
)

/** How many answers of each executor are the agreed ones; the last shard of a pass may be a shorter one. */
function counting(db: Db, agreed: SQL) {
  const isLast = sql`right_one.shard % ${sql.placeholder('shardsPerPass')}::integer = ${sql.placeholder('lastOfPass')}::integer`
  return db
    .select({
      executor: sql<Identity>`executor`,
      whole: sql<number>`count(*) filter (where not (${isLast}))`.mapWith(Number),
      last: sql<number>`count(*) filter (where ${isLast})`.mapWith(Number),
    })
    .from(
      sql`(with answers as (
          select answer.* from ${submissions} as answer
            where answer.job_id = ${JOB} and not exists (
              select 1 from ${voids} as void
                where void.job_id = answer.job_id and void.shard = answer.shard and void.executor = answer.executor
            )
        ), agreed as (${agreed})
        select answers.* from answers join agreed on agreed.shard = answers.shard and agreed.digest = answers.digest
          where answers.role <> 'referee') as right_one`,
    )
    .groupBy(sql`executor`)
}
