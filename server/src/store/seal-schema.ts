// The tables of what is signed: keys with their validity, signed documents, each project's log of them, and what still waits
// to be signed. Only that last one ever loses a row.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { bigint, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import type { SealKind } from './seal-store.ts'
import { jobs, projects } from './schema.ts'

const ms = (name: string) => bigint(name, { mode: 'number' }).notNull()
const digest = (name: string) => text(name).$type<Digest>()
const jobId = () =>
  text('job_id')
    .$type<JobId>()
    .notNull()
    .references(() => jobs.id)
/** What is signed of a job: its receipt, number 0, or one of its notices. */
const item = () => ({
  jobId: jobId(),
  kind: text('kind').$type<SealKind>().notNull(),
  number: integer('number').notNull(),
})

export const signingPeriods = pgTable('signing_periods', {
  number: integer('number').primaryKey(),
  keyId: text('key_id').notNull(),
  publicKey: text('public_key').notNull(),
  fromMs: ms('from_ms'),
})

export const unsealed = pgTable('unsealed', { ...item(), atMs: ms('at_ms') }, (row) => [
  primaryKey({ name: 'unsealed_once', columns: [row.jobId, row.kind, row.number] }),
])

export const seals = pgTable(
  'seals',
  { ...item(), digest: digest('digest').notNull(), document: text('document').notNull() },
  (row) => [primaryKey({ name: 'seals_once', columns: [row.jobId, row.kind, row.number] })],
)

export const receiptLog = pgTable(
  'receipt_log',
  {
    projectId: text('project_id')
      .$type<ProjectId>()
      .notNull()
      .references(() => projects.id),
    place: integer('place').notNull(),
    ...item(),
    digest: digest('digest').notNull(),
    previous: digest('previous'),
    document: text('document').notNull(),
  },
  (row) => [
    primaryKey({ name: 'receipt_log_once', columns: [row.projectId, row.place] }),
    unique('receipt_log_item').on(row.jobId, row.kind, row.number),
  ],
)

/** Jobs of which it is forgotten in which networks their agents were, because the setting says so. */
export const forgottenNetworks = pgTable('forgotten_networks', {
  jobId: text('job_id')
    .$type<JobId>()
    .primaryKey()
    .references(() => jobs.id),
  atMs: ms('at_ms'),
})

/** Jobs whose partials were deleted because they had been kept for as long as the setting says. */
export const retentions = pgTable('retentions', {
  jobId: text('job_id')
    .$type<JobId>()
    .primaryKey()
    .references(() => jobs.id),
  atMs: ms('at_ms'),
})
