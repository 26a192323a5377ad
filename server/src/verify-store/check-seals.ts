// What is signed of a job and the log that it stands in: every end has its receipt or waits for it, every signature is its
// key's, every receipt says what the rows say, and every link follows from the one before.
import type { z } from 'zod'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { parseStrictJson } from '@forge/shared/exact/strict-json.ts'
import type { SigningKey } from '@forge/shared/receipt/keys.ts'
import { signatureProblem } from '@forge/shared/receipt/keys.ts'
import { linkDigest, signedLinkSchema } from '@forge/shared/receipt/link.ts'
import { signedNoticeSchema } from '@forge/shared/receipt/notice.ts'
import { signedReceiptSchema, type Receipt } from '@forge/shared/receipt/receipt.ts'
import { bodyDigest } from '@forge/shared/receipt/signed.ts'
import { receiptBody, type EndedJob } from '../receipt/receipt-body.ts'
import type { LogRow, SealRow } from '../store/seal-store.ts'
import type { NoticeRow } from '../store/store.ts'

export interface SealRows {
  /** Of the job, in the order of kinds and numbers. */
  readonly seals: readonly SealRow[]
  readonly log: readonly LogRow[]
  /** What waits: `receipt 0`, `notice 3`. */
  readonly waiting: ReadonlySet<string>
  readonly notices: readonly NoticeRow[]
  readonly keys: readonly SigningKey[]
}

const nameOf = ({ kind, number }: Pick<SealRow, 'kind' | 'number'>): string => `${kind} ${number}`

export function checkSeals(job: EndedJob, rows: SealRows): string[] {
  const due = [
    ...(job.row.finishedAtMs === null ? [] : ['receipt 0']),
    ...rows.notices.map(({ number }) => `notice ${number}`),
  ]
  const sealed = new Set(rows.seals.map(nameOf))
  const logged = new Set(rows.log.map(nameOf))
  return [
    ...due
      .filter((name) => !rows.waiting.has(name) && !(sealed.has(name) && logged.has(name)))
      .map((name) => `its ${name} is not signed, and does not wait for it`),
    ...[...sealed, ...logged]
      .filter((name) => !due.includes(name))
      .map((name) => `its ${name} is signed, and there is none`),
    ...rows.log
      .filter((link) => !sealed.has(nameOf(link)))
      .map((link) => `its ${nameOf(link)} is in the log and not signed`),
    ...rows.seals.flatMap((seal) =>
      seal.kind === 'receipt' ? checkReceiptSeal(job, seal, rows.keys) : checkNoticeSeal(seal, rows),
    ),
  ]
}

function checkReceiptSeal(job: EndedJob, seal: SealRow, keys: readonly SigningKey[]): string[] {
  const signed = parsed(signedReceiptSchema, seal.document)
  if (signed === null) return ['its receipt cannot be read']
  const problem = signatureProblem('receipt.v1', signed, signed.body.issued_at_ms, keys)
  const problems = problem === null ? [] : [`its receipt: ${problem}`]
  if (bodyDigest('receipt.v1', signed.body) !== seal.digest) problems.push('its receipt has another digest')
  const again = madeAgain(job, signed.body.issued_at_ms)
  if (again === null) return [...problems, 'its rows give no receipt any more']
  // A version that lacks the kernel cannot say what the work was.
  if (again.billing.work === null) again.billing.work = signed.body.billing.work
  const names = Object.keys(again) as (keyof Receipt)[]
  const other = names.find((name) => canonicalJson(again[name]) !== canonicalJson(signed.body[name]))
  if (other !== undefined) problems.push(`its receipt says something else of ${other} than its rows`)
  return problems
}

/** Null when its rows are no longer those of an ended job: what is wrong with them is found by the other checks. */
function madeAgain(job: EndedJob, issuedAtMs: number): Receipt | null {
  try {
    return receiptBody(job, issuedAtMs)
  } catch {
    return null
  }
}

function checkNoticeSeal(seal: SealRow, { notices, seals, keys }: SealRows): string[] {
  const signed = parsed(signedNoticeSchema, seal.document)
  const name = `its signed notice ${seal.number}`
  if (signed === null) return [`${name} cannot be read`]
  const { body } = signed
  const problem = signatureProblem('signed-notice.v1', signed, body.issued_at_ms, keys)
  const notice = notices.find(({ number }) => number === seal.number)
  const receipt = seals.find(({ kind }) => kind === 'receipt')
  const isSame =
    notice !== undefined &&
    body.job_id === notice.jobId &&
    body.number === notice.number &&
    body.kind === notice.kind &&
    body.at_ms === notice.atMs &&
    canonicalJson(body.detail) === notice.detail
  return [
    ...(problem === null ? [] : [`${name}: ${problem}`]),
    ...(isSame ? [] : [`${name} says something else than the notice`]),
    ...(body.receipt === receipt?.digest ? [] : [`${name} is beside another receipt`]),
    ...(bodyDigest('signed-notice.v1', body) === seal.digest ? [] : [`${name} has another digest`]),
  ]
}

/** The next links of a project's log behind `last`; `digestOf` finds what a link names. */
export function checkLinks(
  rows: readonly LogRow[],
  last: Pick<LogRow, 'place' | 'digest'> | null,
  keys: readonly SigningKey[],
): string[] {
  let [place, previous] = [(last?.place ?? -1) + 1, last?.digest ?? null]
  for (const row of rows) {
    const name = `link ${row.place}`
    if (row.place !== place) return [`link ${place} is missing`]
    const signed = parsed(signedLinkSchema, row.document)
    if (signed === null) return [`${name} cannot be read`]
    const { body } = signed
    const problem = signatureProblem('receipt-link.v1', signed, body.issued_at_ms, keys)
    if (problem !== null) return [`${name}: ${problem}`]
    if (row.previous !== previous || body.previous !== previous) return [`${name} does not follow from the one before`]
    const says = [body.project_id, body.place, body.job_id, body.kind, body.number, linkDigest(body)]
    const is = [row.projectId, row.place, row.jobId, row.kind, row.number, row.digest]
    if (canonicalJson(says) !== canonicalJson(is)) return [`${name} says something else than its row`]
    ;[place, previous] = [place + 1, row.digest]
  }
  return []
}

/** A field that is there twice is not what was signed, whichever of the two is taken. */
function parsed<T extends z.ZodType>(schema: T, text: string): z.infer<T> | null {
  const read = parseStrictJson(text)
  return 'fault' in read ? null : (schema.safeParse(read.value).data ?? null)
}
