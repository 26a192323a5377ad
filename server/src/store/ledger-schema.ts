// The tables of the ledger. That a transaction's entries sum to zero, and that no row is ever changed, is held by triggers,
// in a migration written by hand.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { bigint, customType, index, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import type { TransactionKind } from './ledger-store.ts'
import { jobs, projects } from './schema.ts'

/** Micro-credits: exact, so never through a number. */
const micro = customType<{ data: bigint; driverData: string | number | bigint }>({
  dataType: () => 'bigint',
  toDriver: String,
  fromDriver: BigInt,
})

export const ledgerTransactions = pgTable(
  'ledger_transactions',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    projectId: text('project_id')
      .$type<ProjectId>()
      .notNull()
      .references(() => projects.id),
    jobId: text('job_id')
      .$type<JobId>()
      .notNull()
      .references(() => jobs.id),
    kind: text('kind').$type<TransactionKind>().notNull(),
    /** On the database's clock, taken in the booking transaction. */
    atMs: bigint('at_ms', { mode: 'number' }).notNull(),
    /** Days since 1970, UTC, of the job's registration: whose daily limit it counts against. */
    day: integer('day').notNull(),
    /** Canonical JSON: the terms, what the end was, or why there is a credit note. */
    detail: text('detail').notNull(),
  },
  (row) => [
    unique('ledger_transactions_once').on(row.jobId, row.kind),
    index('ledger_transactions_day').on(row.projectId, row.day, row.id),
    index('ledger_transactions_at').on(row.projectId, row.atMs),
    index('ledger_transactions_project').on(row.projectId, row.id),
  ],
)

export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    transactionId: bigint('transaction_id', { mode: 'number' })
      .notNull()
      .references(() => ledgerTransactions.id),
    account: text('account').notNull(),
    microCredits: micro('micro_credits').notNull(),
  },
  (row) => [
    primaryKey({ name: 'ledger_entries_once', columns: [row.transactionId, row.account] }),
    index('ledger_entries_account').on(row.account, row.transactionId),
  ],
)

/** Sums up to a transaction, so that a balance need not be added up from the beginning. They can be made again at any time. */
export const balanceSnapshots = pgTable(
  'balance_snapshots',
  {
    /** An account, or an account and a day. */
    scope: text('scope').notNull(),
    through: bigint('through', { mode: 'number' }).notNull(),
    microCredits: micro('micro_credits').notNull(),
  },
  (row) => [primaryKey({ name: 'balance_snapshots_once', columns: [row.scope, row.through] })],
)

/** Days, UTC since 1970, whose invoice was read when they were over: in them and before them nothing is booked any more. */
export const ledgerClosings = pgTable(
  'ledger_closings',
  {
    projectId: text('project_id')
      .$type<ProjectId>()
      .notNull()
      .references(() => projects.id),
    day: integer('day').notNull(),
  },
  (row) => [primaryKey({ name: 'ledger_closings_once', columns: [row.projectId, row.day] })],
)
