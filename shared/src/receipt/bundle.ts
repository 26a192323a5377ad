// The bundle of a completed job: its receipt with all that an offline check needs. Tables are not in it but their digests,
// because the contract rebuilds them; partials are, as long as retention has left them. What it proves is in
// check-bundle.ts.
import { z } from 'zod'
import { priceListSchema } from '../billing/price-list.ts'
import { referenceSchema } from '../contract/memory.ts'
import { digestSchema } from '../contract/ids.ts'
import { signedKeyListSchema } from './keys.ts'
import { signedLinkSchema } from './link.ts'
import { signedNoticeSchema } from './notice.ts'
import { signedReceiptSchema } from './receipt.ts'

const count = z.int().nonnegative()

/** What the digests in the receipt were made of, as far as the job's answer has it. */
const answerSchema = z.looseObject({
  hub: z.looseObject({
    output: z.record(z.string(), z.unknown()),
    replay: z.looseObject({
      root_seed: z.string(),
      contract_digest: z.string(),
      kernel_digest: z.string(),
      plan_digest: z.string(),
      merkle_root: z.string(),
      output_digest: z.string(),
      passes: z.array(z.looseObject({ program: z.string(), facts: z.record(z.string(), z.unknown()) })).optional(),
    }),
    verification: z.looseObject({}),
  }),
  billing: z.looseObject({}),
})

export const bundleSchema = z.strictObject({
  format: z.literal('forge-pool/bundle.v1'),
  receipt: signedReceiptSchema,
  /** The receipt's place in its project's log. */
  link: signedLinkSchema,
  /** As the server published it when the bundle was made. */
  keys: signedKeyListSchema,
  price_list: priceListSchema.nullable(),
  contract: z.strictObject({
    op: z.strictObject({ name: z.string(), version: z.int(), profile: z.string() }),
    /** With every default filled in. */
    args: z.record(z.string(), z.unknown()),
    root_seed: z.string(),
    policy: z.record(z.string(), z.unknown()),
    /**
     * What the args referred to; their values stand in the args. The contract's digest covers path, kind and digest of each;
     * its `ref` is what the project called it, which nothing here vouches for.
     */
    references: z.array(referenceSchema),
  }),
  /** By name; compiled from the contract. */
  tables: z.record(z.string(), digestSchema),
  answer: answerSchema,
  /** In their order: the accepted digest, how many distinct executors stand behind it, whether a trusted one does. */
  shards: z.array(z.tuple([digestSchema, count, z.boolean()])),
  /** Base64, in the order of the shards; null where they are not here, and `partials_missing` says why. */
  partials: z.array(z.base64()).nullable(),
  partials_missing: z.enum(['retention', 'size']).nullable(),
  notices: z.array(signedNoticeSchema),
})
export type Bundle = z.infer<typeof bundleSchema>
