// What a project used, by the day on which it was booked, op and mode: so that a day that was closed never changes. Test jobs
// are listed with what they would have cost, in a mode of their own.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { sql } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { ledgerEntries, ledgerTransactions } from '../ledger-schema.ts'
import { DAY_MS, type BillingMode, type UsageRow } from '../ledger-store.ts'

/** A settlement's price is in its detail; it moves what was not used back, which is not what the job cost. */
export async function usage(db: Db, projectId: ProjectId, firstDay: number, lastDay: number): Promise<UsageRow[]> {
  const day = sql<number>`floor(booked.at_ms / ${DAY_MS})::integer`
  const kind = sql<UsageRow['kind']>`booked.kind`
  const op = sql<string>`reserved.detail::json ->> 'op'`
  const mode = sql<BillingMode>`reserved.detail::json ->> 'mode'`
  const cost = sql<string>`sum(case booked.kind when 'settle' then (booked.detail::json ->> 'price')::bigint
    else -credited.micro_credits end)::text`
  const rows = await db
    .select({ day: day.mapWith(Number), kind, op, mode, jobs: sql<number>`count(*)`.mapWith(Number), cost })
    .from(
      sql`${ledgerTransactions} as booked
        cross join lateral (
          select detail from ${ledgerTransactions} where job_id = booked.job_id and kind = 'reserve' offset 0
        ) as reserved
        left join lateral (
          select micro_credits from ${ledgerEntries}
            where transaction_id = booked.id and account = 'project/' || booked.project_id offset 0
        ) as credited on true`,
    )
    .where(
      sql`booked.project_id = ${projectId} and (booked.kind = 'credit-note' or booked.kind = 'settle' and booked.detail::json ->> 'state' = 'COMPLETED')
        and booked.at_ms >= ${firstDay * DAY_MS} and booked.at_ms < ${(lastDay + 1) * DAY_MS}`,
    )
    .groupBy(sql`1, 2, 3, 4`)
    .orderBy(sql`1, 2 desc, 3, 4`)
  return rows.map(({ cost: microCredits, ...row }) => ({ ...row, microCredits: BigInt(microCredits) }))
}
