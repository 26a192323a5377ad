// The price list and the one function that applies it: exact integers from the contract alone, never from time spent, so
// that anyone can recompute a bill. Reserving, settling and the ledger belong elsewhere.
import {
  add,
  multiply,
  rational,
  rationalFromDecimal,
  round,
  toNumber,
  type Rational,
} from '@forge/shared/exact/rational.ts'
import type { KernelId } from '@forge/shared/kernels/kernel.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'

interface ProfilePrice {
  /** 10^-12 credits for one expected draw: 42,750 are 42.75 credits for 10^9 draws. */
  readonly picoCreditsPerDraw: bigint
}

const PRICE_LIST = {
  profiles: { 'mc/1/insurance.v1': { picoCreditsPerDraw: 42_750n } } satisfies Record<string, ProfilePrice>,
  /** Spot checks cost 1 + rate, the rate being the decimal that the contract writes. */
  verification: { none: rational(1n), spotcheck: rational(1n), full: rational(2n) },
  /** In hundredths of a credit; every billable job costs at least this. */
  leastCentiCredits: 1n,
  /** One credit is 0.12 EUR. */
  euroPerCredit: rational(12n, 100n),
} as const

const PICO_PER_CENTI_CREDIT = 10_000_000_000n
const MICRO_PER_CENTI_CREDIT = 10_000n

export interface Work {
  readonly profile: KernelId
  /** Units of the plan: years of `insurance.v1`. */
  readonly iterations: bigint
  /** Of all passes: what is planned for one, times their number. Args count with their double's exact value. */
  readonly drawsPerUnit: Rational
  readonly verify: 'none' | 'spotcheck' | 'full'
  /** 0.05 to 1; matters only to `spotcheck`. */
  readonly spotcheckRate: number
  readonly mode: 'billable' | 'test'
}

export interface Price {
  /** A multiple of 0.01, as the double nearest to it. */
  readonly credits: number
  /** Of the credits above, half up to 0.01; so it follows from what the answer shows. */
  readonly eur: number
  /** For the ledger: the same credits, a multiple of 10,000. */
  readonly microCredits: bigint
}

/** The row of the price list, for whoever recomputes a bill. Throws a `RangeError` for a profile without a price. */
export function publishedPrice(profile: KernelId) {
  return {
    credits_per_billion_draws: toNumber(rational(rowOf(profile).picoCreditsPerDraw, 1_000n)),
    verification_factor: { none: 1, spotcheck: '1 + spotcheck_rate', full: 2 },
    least_credits: toNumber(rational(PRICE_LIST.leastCentiCredits, 100n)),
    eur_per_credit: toNumber(PRICE_LIST.euroPerCredit),
  } as const
}

function rowOf(profile: KernelId): ProfilePrice {
  const name = kernelName(profile)
  const rows: Readonly<Record<string, ProfilePrice>> = PRICE_LIST.profiles
  const row = Object.hasOwn(rows, name) ? rows[name] : undefined
  if (row === undefined) throw new RangeError(`${name} has no row in the price list`)
  return row
}

/**
 * Each pass over the units runs every draw again, so a job of two passes costs twice one of one. Throws a `RangeError` for
 * a profile without a price: a bug, since every kernel needs its row.
 */
export function priceOf(work: Work): Price {
  const row = rowOf(work.profile)
  if (work.mode === 'test') return { credits: 0, eur: 0, microCredits: 0n }

  const draws = multiply(rational(work.iterations), work.drawsPerUnit)
  const picoCredits = multiply(multiply(draws, rational(row.picoCreditsPerDraw)), verificationFactor(work))
  const rounded = round(multiply(picoCredits, rational(1n, PICO_PER_CENTI_CREDIT)))
  const centiCredits = rounded < PRICE_LIST.leastCentiCredits ? PRICE_LIST.leastCentiCredits : rounded
  const centiEuro = round(multiply(rational(centiCredits), PRICE_LIST.euroPerCredit))
  return {
    credits: toNumber(rational(centiCredits, 100n)),
    eur: toNumber(rational(centiEuro, 100n)),
    microCredits: centiCredits * MICRO_PER_CENTI_CREDIT,
  }
}

/**
 * A rate is a term of the contract that people write and read as a decimal, so 0.1 is one tenth here and the founding
 * example can be worked on paper; args, whose doubles the kernel computes with, keep their exact value instead.
 */
function verificationFactor({ verify, spotcheckRate }: Work): Rational {
  const factor = PRICE_LIST.verification[verify]
  return verify === 'spotcheck' ? add(factor, rationalFromDecimal(String(spotcheckRate))) : factor
}
