// What a job's executors earn: every answer that stands behind its shard's verdict, first or check. A job that failed or was
// cancelled has no verdicts; there an answer counts when all that answered its shard agree and one of them is more than
// new here, so that keys made in a minute earn nothing by failing together. The referee is the operator's, and earns nothing.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import type { Terms } from '../ledger-store.ts'
import { submissions, verdicts, voids } from '../schema.ts'

export async function earnedBy(
  db: Db,
  jobId: JobId,
  state: 'COMPLETED' | 'FAILED' | 'CANCELLED',
  {
    shardMicroCredits,
    lastShardMicroCredits,
    shardsPerPass,
  }: Pick<Terms, 'shardMicroCredits' | 'lastShardMicroCredits' | 'shardsPerPass'>,
): Promise<Map<Identity, bigint>> {
  const counting = sql`select answer.* from ${submissions} as answer
    where answer.job_id = ${jobId} and not exists (
      select 1 from ${voids} as void
      where void.job_id = answer.job_id and void.shard = answer.shard and void.executor = answer.executor
    )`
  const agreed =
    state === 'COMPLETED'
      ? sql`select shard, digest from ${verdicts} where job_id = ${jobId}`
      : sql`select shard, min(digest) as digest from counting group by shard
          having count(distinct digest) = 1 and bool_or(tier <> 'probation')`
  const rows = await db
    .select({
      executor: sql<Identity>`executor`,
      whole:
        sql<number>`count(*) filter (where counting.shard % ${shardsPerPass}::integer <> ${shardsPerPass - 1}::integer)`.mapWith(
          Number,
        ),
      last: sql<number>`count(*) filter (where counting.shard % ${shardsPerPass}::integer = ${shardsPerPass - 1}::integer)`.mapWith(
        Number,
      ),
    })
    .from(
      sql`(with counting as (${counting}), agreed as (${agreed})
        select counting.* from counting join agreed on agreed.shard = counting.shard and agreed.digest = counting.digest
        where counting.role <> 'referee') as counting`,
    )
    .groupBy(sql`executor`)
  return new Map(
    rows.map(({ executor, whole, last }) => [
      executor,
      BigInt(whole) * shardMicroCredits + BigInt(last) * lastShardMicroCredits,
    ]),
  )
}
