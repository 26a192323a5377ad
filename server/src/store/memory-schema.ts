// The tables of the memory surfaces: KV, blobs, VMem, and how much of each a project has. Names sort by their bytes, so
// that a list has one order on every database, whatever its locale.
import { bigint, customType, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { sql } from 'drizzle-orm'
import { projects } from './schema.ts'

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
