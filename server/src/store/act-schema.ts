// The tables of what people did: acts, each chain a hash chain, and the operator's orders about agents. Rows are only added.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { ActType } from '@forge/shared/receipt/act.ts'
import { bigint, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { ActChain, Actor } from './acts.ts'
import type { OrderKind } from './agent-orders.ts'

const ms = (name: string) => bigint(name, { mode: 'number' })
const digest = (name: string) => text(name).$type<Digest>()

export const acts = pgTable(
  'acts',
  {
    /** A project's id, or `operator`. */
    chain: text('chain').$type<ActChain>().notNull(),
    number: integer('number').notNull(),
    atMs: ms('at_ms').notNull(),
    actor: text('actor').$type<Actor>().notNull(),
    type: text('type').$type<ActType>().notNull(),
    subject: text('subject'),
    /** Canonical JSON. */
    data: text('data').notNull(),
    previous: digest('previous'),
    hash: digest('hash').notNull(),
  },
  (row) => [primaryKey({ name: 'acts_once', columns: [row.chain, row.number] })],
)

export const agentOrders = pgTable(
  'agent_orders',
  {
    /** From 1, in the order in which they became durable: whoever has seen one has seen all before it. */
    number: integer('number').primaryKey(),
    identity: text('identity').$type<Identity>().notNull(),
    kind: text('kind').$type<OrderKind>().notNull(),
    reason: text('reason').notNull(),
    atMs: ms('at_ms').notNull(),
  },
  (row) => [index('agent_orders_of').on(row.identity, row.number)],
)
