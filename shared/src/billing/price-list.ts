// The price list as a published document: every figure that a bill is made of, as a decimal in a text, so that no reader
// rounds it. A published list never changes; a new price is a new version behind the old ones, which stay so that old
// bills can be recomputed. How it is applied is in price.ts.
import { z } from 'zod'
import { digestOfJson, type Digest } from '../exact/digest.ts'

const decimal = z.string().regex(/^\d+(\.\d+)?$/, 'a plain decimal such as "0.12"')

export const priceListSchema = z.strictObject({
  format: z.literal('forge-pool/price-list.v1'),
  version: z.int().positive(),
  /** In words, for who works it on paper; `price.ts` is the same in integers. */
  formula: z.string(),
  /** By registry name: credits for 10^9 expected draws. */
  profiles: z.record(z.string(), z.strictObject({ credits_per_giga_draw: decimal })),
  /** The factor is `base`, and with `plus_rate` the contract's spotcheck_rate is added to it. */
  verification: z.strictObject({
    none: z.strictObject({ base: decimal, plus_rate: z.boolean() }),
    spotcheck: z.strictObject({ base: decimal, plus_rate: z.boolean() }),
    full: z.strictObject({ base: decimal, plus_rate: z.boolean() }),
  }),
  /** Credits are a multiple of this, halves up, and at least this. */
  grain_credits: decimal,
  eur_per_credit: decimal,
  /** EUR are a multiple of this, halves up. */
  grain_eur: decimal,
})
export type PriceList = z.infer<typeof priceListSchema>

const VERSION_1: PriceList = {
  format: 'forge-pool/price-list.v1',
  version: 1,
  formula:
    'credits = credits_per_giga_draw / 10^9 x iterations x expected draws per iteration x passes x verification factor, ' +
    'half up to grain_credits, at least grain_credits; eur = credits x eur_per_credit, half up to grain_eur',
  profiles: { 'mc/1/insurance.v1': { credits_per_giga_draw: '42.75' } },
  verification: {
    none: { base: '1', plus_rate: false },
    spotcheck: { base: '1', plus_rate: true },
    full: { base: '2', plus_rate: false },
  },
  grain_credits: '0.01',
  eur_per_credit: '0.12',
  grain_eur: '0.01',
}

/** In the order of their versions; the last one prices new jobs. */
const PRICE_LISTS: readonly PriceList[] = [VERSION_1]

export const PRICE_LIST: PriceList = VERSION_1

export const priceListDigest = (list: PriceList): Digest => digestOfJson('price-list.v1', list)

/** Null when no such list was ever published. */
export const priceListOf = (digest: string): PriceList | null =>
  PRICE_LISTS.find((list) => priceListDigest(list) === digest) ?? null
