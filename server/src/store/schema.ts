// The tables, and the unique keys that make doubles impossible. Migrations in server/drizzle are generated from this
// file; what drizzle cannot say, the triggers that guard ended jobs, is a migration written by hand beside them.
import type { EngineName, Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core'
import type { EventType, ExecutorRole, JobState, NoticeKind, Tier } from './store.ts'

/** Postgres hands out Buffers, PGlite plain arrays: both are read as plain arrays. */
const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
})
const ms = (name: string) => bigint(name, { mode: 'number' })
const digest = (name: string) => text(name).$type<Digest>()
const jobId = () => text('job_id').$type<JobId>().notNull()

export const projects = pgTable('projects', {
  id: text('id').$type<ProjectId>().primaryKey(),
  name: text('name').notNull(),
  createdAtMs: ms('created_at_ms').notNull(),
  limits: text('limits').notNull(),
})

const projectId = () =>
  text('project_id')
    .$type<ProjectId>()
    .notNull()
    .references(() => projects.id)

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    projectId: projectId(),
    name: text('name').notNull(),
    hash: digest('hash').notNull(),
    prefix: text('prefix').notNull(),
    scopes: text('scopes').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    expiresAtMs: ms('expires_at_ms'),
    revokedAtMs: ms('revoked_at_ms'),
    lastUsedAtMs: ms('last_used_at_ms'),
  },
  (key) => [unique('api_keys_hash').on(key.hash), index('api_keys_project').on(key.projectId, key.id)],
)

/** What is left of each project's requests: see request-bucket.ts. The only rows of tenants that change all the time. */
export const requestBuckets = pgTable('request_buckets', {
  projectId: projectId().primaryKey(),
  level: bigint('level', { mode: 'number' }).notNull(),
  atMs: ms('at_ms').notNull(),
})

export const settings = pgTable('settings', { name: text('name').primaryKey(), value: text('value').notNull() })

/**
 * Read as text, not as JSON, which Postgres refuses where any of its texts has \u0000. Canonical JSON has its names in
 * order and escapes every quote within a text, so the pattern means the contract's `op` and nothing else.
 */
const OP_PATTERN = `"op":[{]("kernel_digest":"[0-9a-f]*",)?"name":"([^"]*)","profile":"([^"]*)","version":([0-9]+)[}]`
const opPart = (part: number): string => `(regexp_match(request, '${OP_PATTERN}'))[${part}]`
const OP_OF_REQUEST = `${opPart(2)} || '/' || ${opPart(4)} || '/' || ${opPart(3)}`

export const jobs = pgTable(
  'jobs',
  {
    id: text('id').$type<JobId>().primaryKey(),
    projectId: projectId(),
    clientJobId: text('client_job_id'),
    requestDigest: digest('request_digest').notNull(),
    request: text('request').notNull(),
    rootSeed: text('root_seed').notNull(),
    contractDigest: digest('contract_digest').notNull(),
    kernelDigest: digest('kernel_digest').notNull(),
    samplingKey: text('sampling_key').notNull(),
    replayOf: text('replay_of').$type<JobId>(),
    createdAtMs: ms('created_at_ms').notNull(),
    deadlineAtMs: ms('deadline_at_ms').notNull(),
    state: text('state').$type<JobState>().notNull(),
    reason: text('reason'),
    planDigest: digest('plan_digest'),
    basis: digest('basis'),
    ending: text('ending'),
    startedAtMs: ms('started_at_ms'),
    finishedAtMs: ms('finished_at_ms'),
    answer: text('answer'),
    problem: text('problem'),
    /** The number of the server that runs it, see owner-store.ts; null of jobs of before servers had numbers. */
    owner: integer('owner'),
    cancelWantedAtMs: ms('cancel_wanted_at_ms'),
    /** `mc/1/insurance.v1`, for lists of jobs. */
    op: text('op').generatedAlwaysAs(sql.raw(OP_OF_REQUEST)),
  },
  (job) => [
    index('jobs_of_project').on(job.projectId, job.createdAtMs, job.id),
    index('jobs_of_state').on(job.projectId, job.state, job.createdAtMs, job.id),
    index('jobs_of_op').on(job.projectId, job.op, job.createdAtMs, job.id),
    foreignKey({ name: 'jobs_replay_of', columns: [job.replayOf], foreignColumns: [job.id] }),
    // Null ids never collide, so jobs without one are always new.
    unique('jobs_client_job_id').on(job.projectId, job.clientJobId),
    index('jobs_unfinished')
      .on(job.createdAtMs)
      .where(sql`finished_at_ms is null`),
    check(
      'jobs_state',
      sql`case state
        when 'QUEUED' then finished_at_ms is null
        when 'RUNNING' then finished_at_ms is null
        when 'VERIFYING' then finished_at_ms is null
        when 'COMPLETED' then finished_at_ms is not null and answer is not null and problem is null
        when 'FAILED' then finished_at_ms is not null and answer is null and problem is not null
        when 'CANCELLED' then finished_at_ms is not null and answer is null and problem is not null
        else false end`,
    ),
  ],
)

export const submissions = pgTable(
  'submissions',
  {
    jobId: jobId(),
    shard: integer('shard').notNull(),
    executor: text('executor').$type<Identity>().notNull(),
    role: text('role').$type<ExecutorRole>().notNull(),
    engine: text('engine').$type<EngineName>().notNull(),
    trusted: boolean('trusted').notNull(),
    tier: text('tier').$type<Tier>().notNull(),
    network: text('network').notNull(),
    owner: text('owner').$type<ProjectId>(),
    distinctNetwork: boolean('distinct_network').notNull(),
    digest: digest('digest').notNull(),
  },
  (row) => [
    primaryKey({ name: 'submissions_once', columns: [row.jobId, row.shard, row.executor] }),
    foreignKey({ name: 'submissions_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

/**
 * Who answered shards of a completed job, and how many of their answers stand, written with its end: so an exposed
 * identity's jobs are found, and what an identity did is a sum over its own rows; null is of before that was counted. An index by executor
 * on `submissions` would cost every write, and is taken for the primary key where no statistics are.
 */
export const executors = pgTable(
  'executors',
  { executor: text('executor').$type<Identity>().notNull(), jobId: jobId(), shards: integer('shards') },
  (row) => [
    primaryKey({ name: 'executors_once', columns: [row.executor, row.jobId] }),
    foreignKey({ name: 'executors_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

export const partials = pgTable(
  'partials',
  {
    jobId: jobId(),
    shard: integer('shard').notNull(),
    digest: digest('digest').notNull(),
    bytes: bytes('bytes').notNull(),
  },
  (row) => [
    primaryKey({ name: 'partials_once', columns: [row.jobId, row.shard, row.digest] }),
    foreignKey({ name: 'partials_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

export const verdicts = pgTable(
  'verdicts',
  {
    jobId: jobId(),
    shard: integer('shard').notNull(),
    digest: digest('digest').notNull(),
    confirmations: integer('confirmations').notNull(),
    trusted: boolean('trusted').notNull(),
  },
  (row) => [
    primaryKey({ name: 'verdicts_once', columns: [row.jobId, row.shard] }),
    foreignKey({ name: 'verdicts_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

export const voids = pgTable(
  'voids',
  {
    jobId: jobId(),
    shard: integer('shard').notNull(),
    executor: text('executor').$type<Identity>().notNull(),
    reason: text('reason').notNull(),
  },
  (row) => [
    primaryKey({ name: 'voids_once', columns: [row.jobId, row.shard, row.executor] }),
    index('voids_of').on(row.executor, row.jobId),
    foreignKey({ name: 'voids_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

export const quarantines = pgTable(
  'quarantines',
  {
    identity: text('identity').$type<Identity>().notNull(),
    /** The first exposure of an identity is 1. */
    number: integer('number').notNull(),
    reason: text('reason').notNull(),
    atMs: ms('at_ms').notNull(),
  },
  (row) => [primaryKey({ name: 'quarantines_once', columns: [row.identity, row.number] })],
)

/** Exposures of which all finished jobs have been told: what is missing is told at the next start. */
export const noticed = pgTable(
  'noticed',
  { identity: text('identity').$type<Identity>().notNull(), number: integer('number').notNull() },
  (row) => [
    primaryKey({ name: 'noticed_once', columns: [row.identity, row.number] }),
    foreignKey({
      name: 'noticed_quarantine',
      columns: [row.identity, row.number],
      foreignColumns: [quarantines.identity, quarantines.number],
    }),
  ],
)

export const releases = pgTable(
  'releases',
  {
    identity: text('identity').$type<Identity>().notNull(),
    number: integer('number').notNull(),
    atMs: ms('at_ms').notNull(),
  },
  (row) => [
    primaryKey({ name: 'releases_once', columns: [row.identity, row.number] }),
    foreignKey({
      name: 'releases_quarantine',
      columns: [row.identity, row.number],
      foreignColumns: [quarantines.identity, quarantines.number],
    }),
  ],
)

/** The only rows about agents that change: a count, up with each checked shard and back to 0 with a wrong one. */
export const standings = pgTable(
  'standings',
  {
    identity: text('identity').$type<Identity>().notNull(),
    /** Registry name. */
    kernel: text('kernel').notNull(),
    engine: text('engine').$type<EngineName>().notNull(),
    valid: integer('valid').notNull(),
  },
  (row) => [primaryKey({ name: 'standings_once', columns: [row.identity, row.kernel, row.engine] })],
)

export const notices = pgTable(
  'notices',
  {
    jobId: jobId(),
    number: integer('number').notNull(),
    kind: text('kind').$type<NoticeKind>().notNull(),
    identity: text('identity').$type<Identity>(),
    atMs: ms('at_ms').notNull(),
    detail: text('detail').notNull(),
  },
  (row) => [
    primaryKey({ name: 'notices_once', columns: [row.jobId, row.number] }),
    unique('notices_identity').on(row.jobId, row.kind, row.identity),
    foreignKey({ name: 'notices_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

export const events = pgTable(
  'events',
  {
    jobId: jobId(),
    number: integer('number').notNull(),
    atMs: ms('at_ms').notNull(),
    type: text('type').$type<EventType>().notNull(),
    data: text('data').notNull(),
    previous: digest('previous'),
    hash: digest('hash').notNull(),
  },
  (row) => [
    primaryKey({ name: 'events_once', columns: [row.jobId, row.number] }),
    foreignKey({ name: 'events_job', columns: [row.jobId], foreignColumns: [jobs.id] }),
  ],
)

export const tables = pgTable(
  'tables',
  {
    key: text('key').primaryKey(),
    digest: digest('digest').notNull(),
    /** Little-endian u32 words. */
    words: bytes('words').notNull(),
  },
  (table) => [index('tables_digest').on(table.digest)],
)
