// The log of a project's signed documents: each link names one receipt or notice and the link before it, so that none can be
// left out or put in without changing all that follow. Links are made after the documents, by one sealer at a time.
import { z } from 'zod'
import { digestSchema, jobIdSchema } from '../contract/ids.ts'
import { bodyDigest, signed, signedSchema, type Signer } from './signed.ts'

const linkSchema = z.strictObject({
  format: z.literal('forge-pool/receipt-link.v1'),
  project_id: z.string(),
  /** From 0. */
  place: z.int().nonnegative(),
  job_id: jobIdSchema,
  kind: z.enum(['receipt', 'notice']),
  /** Of a notice its own; 0 for the receipt. */
  number: z.int().nonnegative(),
  /** Of the receipt's or the notice's body. */
  document: digestSchema,
  /** The digest of the link before; null for the first. */
  previous: digestSchema.nullable(),
  issued_at_ms: z.int().nonnegative(),
})
export type ReceiptLink = z.infer<typeof linkSchema>
export const signedLinkSchema = signedSchema(linkSchema)
export type SignedLink = z.infer<typeof signedLinkSchema>

export const linkDigest = (link: ReceiptLink) => bodyDigest('receipt-link.v1', link)

export const signLink = (link: Omit<ReceiptLink, 'format'>, signer: Signer): SignedLink =>
  signed('receipt-link.v1', { format: 'forge-pool/receipt-link.v1', ...link }, signer)
