// The tables of a project's pools and of the tokens that their agents say.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { bigint, boolean, foreignKey, index, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { projects } from './schema.ts'

const ms = (name: string) => bigint(name, { mode: 'number' })
const digest = (name: string) => text(name).$type<Digest>()
const projectId = () =>
  text('project_id')
    .$type<ProjectId>()
    .notNull()
    .references(() => projects.id)

export const pools = pgTable(
  'pools',
  {
    projectId: projectId(),
    name: text('name').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    /** Revoked tokens name their pool for ever, so its row stays when it is deleted; null again once it is made anew. */
    retiredAtMs: ms('retired_at_ms'),
  },
  (pool) => [primaryKey({ name: 'pools_once', columns: [pool.projectId, pool.name] })],
)

export const nodeTokens = pgTable(
  'node_tokens',
  {
    id: text('id').primaryKey(),
    projectId: projectId(),
    name: text('name').notNull(),
    pool: text('pool'),
    region: text('region'),
    trusted: boolean('trusted').notNull(),
    /** Those of before there was this column: a trusted one is the operator's, all others count as their project's. */
    madeByOperator: boolean('made_by_operator').notNull().default(false),
    hash: digest('hash').notNull(),
    prefix: text('prefix').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    expiresAtMs: ms('expires_at_ms'),
    revokedAtMs: ms('revoked_at_ms'),
  },
  (token) => [
    unique('node_tokens_hash').on(token.hash),
    index('node_tokens_project').on(token.projectId, token.id),
    foreignKey({
      name: 'node_tokens_pool',
      columns: [token.projectId, token.pool],
      foreignColumns: [pools.projectId, pools.name],
    }),
  ],
)
