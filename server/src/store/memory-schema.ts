// The tables of the memory surfaces: KV, blobs, VMem, and how much of each a project has. Names sort by their bytes, so
// that a list has one order on every database, whatever its locale.
import { bigint, customType, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { Reference } from '@forge/shared/contract/memory.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Dtype } from '@forge/shared/exact/typed-array.ts'
import type { ObjectKind } from './memory.ts'
import { sql } from 'drizzle-orm'
import { jobs, projects } from './schema.ts'

const byteOrderText = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' })
const ms = (name: string) => bigint(name, { mode: 'number' })
const count = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0)
const projectId = () =>
  text('project_id')
    .$type<ProjectId>()
    .notNull()
    .references(() => projects.id)

/**
 * What a project holds, beside the rows that it is counted from: a quota is one look, and whoever changes a project's memory
 * locks its row here first. Versions come from here too, so that none is ever given twice.
 */
export const memoryUsage = pgTable('memory_usage', {
  projectId: projectId().primaryKey(),
  lastVersion: count('last_version'),
  kvKeys: count('kv_keys'),
  kvBytes: count('kv_bytes'),
  blobs: count('blobs'),
  blobBytes: count('blob_bytes'),
  vmemArrays: count('vmem_arrays'),
  vmemBytes: count('vmem_bytes'),
})

export const kvEntries = pgTable(
  'kv_entries',
  {
    projectId: projectId(),
    namespace: byteOrderText('namespace').notNull(),
    key: byteOrderText('key').notNull(),
    /** Canonical JSON. */
    value: text('value').notNull(),
    /** Of namespace, key and value in UTF-8: what the quota counts. */
    bytes: integer('bytes').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    updatedAtMs: ms('updated_at_ms').notNull(),
    expiresAtMs: ms('expires_at_ms'),
  },
  (entry) => [
    primaryKey({ name: 'kv_entries_once', columns: [entry.projectId, entry.namespace, entry.key] }),
    index('kv_entries_expiry')
      .on(entry.expiresAtMs)
      .where(sql`expires_at_ms is not null`),
  ],
)

/** Bytes in the object store under their id, written once. A row is there as long as a name or a job needs them. */
export const objects = pgTable('objects', {
  id: text('id').primaryKey(),
  projectId: projectId(),
  /** Which quota counts it. */
  kind: text('kind').$type<ObjectKind>().notNull(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  /** SHA-256 of the bytes, without a tag: what a client's own tool says of them. */
  sha256: text('sha256').notNull(),
  createdAtMs: ms('created_at_ms').notNull(),
})

/**
 * Ids under which the object store may hold something that nobody needs, or will not after that time: an upload that has
 * begun, and what was deleted. So nothing is left there that no row speaks of.
 */
export const objectRemovals = pgTable(
  'object_removals',
  { objectId: text('object_id').primaryKey(), afterMs: ms('after_ms').notNull() },
  (removal) => [index('object_removals_after').on(removal.afterMs)],
)

export const blobs = pgTable(
  'blobs',
  {
    projectId: projectId(),
    name: byteOrderText('name').notNull(),
    objectId: text('object_id')
      .notNull()
      .references(() => objects.id),
    /** As its client said. */
    contentType: text('content_type').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    updatedAtMs: ms('updated_at_ms').notNull(),
    expiresAtMs: ms('expires_at_ms'),
  },
  (blob) => [
    primaryKey({ name: 'blobs_once', columns: [blob.projectId, blob.name] }),
    index('blobs_object').on(blob.objectId),
    index('blobs_expiry')
      .on(blob.expiresAtMs)
      .where(sql`expires_at_ms is not null`),
  ],
)

/** Counts the versions of a name, also those that were deleted: none is given twice. */
export const vmemNames = pgTable(
  'vmem_names',
  {
    projectId: projectId(),
    name: byteOrderText('name').notNull(),
    lastVersion: bigint('last_version', { mode: 'number' }).notNull(),
  },
  (row) => [primaryKey({ name: 'vmem_names_once', columns: [row.projectId, row.name] })],
)

export const vmemArrays = pgTable(
  'vmem_arrays',
  {
    projectId: projectId(),
    name: byteOrderText('name').notNull(),
    version: bigint('version', { mode: 'number' }).notNull(),
    objectId: text('object_id')
      .notNull()
      .references(() => objects.id),
    dtype: text('dtype').$type<Dtype>().notNull(),
    shape: jsonb('shape').$type<number[]>().notNull(),
    digest: text('digest').$type<Digest>().notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
  },
  (row) => [
    primaryKey({ name: 'vmem_arrays_once', columns: [row.projectId, row.name, row.version] }),
    index('vmem_arrays_object').on(row.objectId),
  ],
)

/** What a job's args refer to: the object stays as long as the job, whatever becomes of the name. */
export const jobReferences = pgTable(
  'job_references',
  {
    jobId: text('job_id')
      .$type<JobId>()
      .notNull()
      .references(() => jobs.id),
    path: text('path').notNull(),
    kind: text('kind').$type<Reference['kind']>().notNull(),
    ref: text('ref').notNull(),
    digest: text('digest').$type<Digest>().notNull(),
    objectId: text('object_id')
      .notNull()
      .references(() => objects.id),
  },
  (row) => [
    primaryKey({ name: 'job_references_once', columns: [row.jobId, row.path] }),
    index('job_references_object').on(row.objectId),
  ],
)
