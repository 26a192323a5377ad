// The receipt of a job that has ended: one body that names by digest all that the job was, from the contract to the output,
// with the verification record and all that the bill is made of. A browser, Node or forty lines of any other language can
// check it. Its place among a project's receipts is said by a link of the log (link.ts), signed after it.
import { z } from 'zod'
import { digestSchema, jobIdSchema } from '../contract/ids.ts'
import { digestOfJson, type Digest } from '../exact/digest.ts'
import { signedSchema } from './signed.ts'

const count = z.int().nonnegative()
const integer = z.string().regex(/^-?\d+$/, 'an integer in decimal')
const natural = z.string().regex(/^\d+$/, 'an integer in decimal, not negative')

/** What the price list is applied to. */
const workSchema = z.strictObject({
  iterations: natural,
  /** Of all passes, exactly. */
  draws_per_iteration: z.strictObject({ numerator: natural, denominator: natural }),
  /** The level that was reached: `none` for a degraded job. */
  verify: z.enum(['none', 'spotcheck', 'full']),
  spotcheck_rate: z.number().min(0).max(1),
})

const billingSchema = z.strictObject({
  mode: z.enum(['billable', 'test']),
  credits: z.number(),
  eur: z.number(),
  /** The same credits exactly, as the ledger has them. */
  micro_credits: integer,
  /** Its digest; null for a job of before there was a ledger. */
  price_list: digestSchema.nullable(),
  /** Of a completed job. */
  work: workSchema.nullable(),
})

const stratumSchema = z.strictObject({
  /** How many authors' shards have these counts, drawn and foreseeable ones apart. */
  strata: count,
  shards: count,
  checked: count,
  checked_by_trusted: count,
})

/** More may be in it than is checked here; the signature covers all of it. */
const verificationSchema = z.looseObject({
  mode: z.enum(['none', 'spotcheck', 'full']),
  status: z.enum(['clean', 'escalated', 'degraded']),
  shards: count,
  checked: count,
  checked_by_trusted: count,
  mismatches: count,
  voided: count,
  bound: z.array(z.unknown()).nullable(),
  strata: z.array(stratumSchema).optional(),
  sampling_key: z.string().optional(),
  sampling_key_sha256: z.string().optional(),
})
export type ReceiptVerification = z.infer<typeof verificationSchema>

const resultSchema = z.strictObject({
  shards: count,
  merkle_root: digestSchema,
  /** Of each shard's digest, confirmations and whether a trusted executor stands behind it: {@link shardsDigest}. */
  shards_digest: digestSchema,
  output_digest: digestSchema,
  /** Of the stored answer's text: output, metrics, record, price, warnings. */
  answer_digest: digestSchema,
  verification: verificationSchema,
})

export const receiptSchema = z.strictObject({
  format: z.literal('forge-pool/receipt.v1'),
  job_id: jobIdSchema,
  project_id: z.string(),
  state: z.enum(['COMPLETED', 'FAILED', 'CANCELLED']),
  created_at_ms: count,
  finished_at_ms: count,
  issued_at_ms: count,
  op: z.strictObject({ name: z.string(), version: z.int(), profile: z.string() }),
  root_seed: z.string(),
  request_digest: digestSchema,
  contract_digest: digestSchema,
  kernel_digest: digestSchema,
  /** Null when it ended before it was planned. */
  plan_digest: digestSchema.nullable(),
  policy: z.record(z.string(), z.unknown()),
  /** Of a completed job alone. */
  result: resultSchema.nullable(),
  /** The code of a failed or cancelled job's problem. */
  problem: z.string().nullable(),
  billing: billingSchema,
})
export type Receipt = z.infer<typeof receiptSchema>
export const signedReceiptSchema = signedSchema(receiptSchema)
export type SignedReceipt = z.infer<typeof signedReceiptSchema>

export interface ShardVerdict {
  readonly digest: Digest
  readonly confirmations: number
  readonly trusted: boolean
}

export const shardsDigest = (verdicts: readonly ShardVerdict[]): Digest =>
  digestOfJson(
    'shards.v1',
    verdicts.map(({ digest, confirmations, trusted }) => [digest, confirmations, trusted]),
  )
