// The table of people who are signed in to HQ. Unlike keys, a session is forgotten when it has ended: nothing rests on it.
import type { Digest } from '@forge/shared/exact/digest.ts'
import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'

const ms = (name: string) => bigint(name, { mode: 'number' })
const digest = (name: string) => text(name).$type<Digest>()

export const sessions = pgTable(
  'sessions',
  {
    /** Digest (domain `hq-session.v1`) of what the cookie says. */
    hash: digest('hash').primaryKey(),
    /** Digest (domain `api-key.v1`) of the key or token that signed in. */
    keyHash: digest('key_hash').notNull(),
    createdAtMs: ms('created_at_ms').notNull(),
    expiresAtMs: ms('expires_at_ms').notNull(),
  },
  (session) => [
    index('sessions_key').on(session.keyHash, session.createdAtMs),
    index('sessions_expiry').on(session.expiresAtMs),
  ],
)
