// Who did what, as the store keeps it: each act is written in the transaction of the change that it tells of, behind the last
// one of its chain. What changes nothing is no act.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { actHash, actSchema, type Act, type ActType } from '@forge/shared/receipt/act.ts'
import type { PageOf } from './tenants.ts'

/** Of what belongs to no project: agents, and the operator's own sessions. */
export const OPERATOR_CHAIN = 'operator'
export type ActChain = ProjectId | typeof OPERATOR_CHAIN

/** As `actor` of an act says; `server` is the server itself, as at its first start. */
export type Actor = 'operator' | 'configured-key' | 'verification' | 'server' | `key:${string}`

export interface NewAct {
  readonly chain: ActChain
  readonly atMs: number
  readonly actor: Actor
  readonly type: ActType
  readonly subject: string | null
  readonly data: Readonly<Record<string, unknown>>
}

export interface ActRow extends Omit<NewAct, 'data'> {
  readonly number: number
  /** Canonical JSON. */
  readonly data: string
  readonly previous: Digest | null
  readonly hash: Digest
}

export interface ActStore {
  /** Newest first. */
  actsOf(chain: ActChain, page: PageOf<number>): Promise<ActRow[]>
}

/** The act behind `last`; behind null it is the first. */
export function linkedAct(act: NewAct, last: Pick<ActRow, 'number' | 'hash'> | null): ActRow {
  const row = { ...act, number: (last?.number ?? -1) + 1, data: canonicalJson(act.data), previous: last?.hash ?? null }
  return { ...row, hash: actHash(actOf({ ...row, hash: '' as Digest })) }
}

/** What stands for data that somebody damaged: its hash no longer fits them, as whoever checks the chain finds. */
const UNREADABLE_CHARACTERS_MAX = 200

/** As it is shown to people: never throws, so that one damaged act does not hide all the others. */
export function shownAct(row: ActRow): Act {
  const { chain, number, atMs, actor, type, subject, previous, hash } = row
  return { chain, number, at_ms: atMs, actor, type, subject, data: dataOf(row.data), previous, hash }
}

function dataOf(text: string): Act['data'] {
  const data = actSchema.shape.data.safeParse(parsed(text))
  return data.success ? data.data : { unreadable: text.slice(0, UNREADABLE_CHARACTERS_MAX) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** As everybody else sees it, and as it is hashed. Throws when its data are not JSON. */
export const actOf = ({ chain, number, atMs, actor, type, subject, data, previous, hash }: ActRow): Act => {
  return { chain, number, at_ms: atMs, actor, type, subject, data: JSON.parse(data), previous, hash }
}
