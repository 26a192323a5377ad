// What a job costs by a price list: exact integers from the contract alone, never from time spent, so that anyone can
// recompute a bill. The figures are in price-list.ts; reserving, settling and the ledger belong to the server.
import { add, multiply, rational, rationalFromDecimal, round, toNumber, type Rational } from '../exact/rational.ts'
import type { KernelId } from '../kernels/kernel.ts'
import { PRICE_LIST, type PriceList } from './price-list.ts'

export const MICRO_PER_CREDIT = 1_000_000n
const GIGA = rational(1n, 1_000_000_000n)

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
  /** A multiple of the list's grain, 0.01, as the double nearest to it. */
  readonly credits: number
  /** Of the credits above, half up to 0.01; so it follows from what the answer shows. */
  readonly eur: number
  /** For the ledger: the same credits, exactly. */
  readonly microCredits: bigint
}

/**
 * Each pass over the units runs every draw again, so a job of two passes costs twice one of one. Throws a `RangeError` for
 * a profile without a price: a bug, since every kernel needs its row.
 */
export function priceOf(work: Work, list: PriceList = PRICE_LIST): Price {
  const perDraw = creditsPerDraw(work.profile, list)
  if (work.mode === 'test') return { credits: 0, eur: 0, microCredits: 0n }
  const draws = multiply(rational(work.iterations), work.drawsPerUnit)
  const exact = multiply(multiply(draws, perDraw), verificationFactor(work, list))
  const grain = rationalFromDecimal(list.grain_credits)
  const rounded = toGrain(exact, grain)
  return shownPrice(rounded > 1n ? multiply(rational(rounded), grain) : grain, list)
}

/** Credits as an answer shows them, with their EUR. */
function shownPrice(credits: Rational, list: PriceList): Price {
  const grainEur = rationalFromDecimal(list.grain_eur)
  const eur = multiply(
    rational(toGrain(multiply(credits, rationalFromDecimal(list.eur_per_credit)), grainEur)),
    grainEur,
  )
  const microCredits = round(multiply(credits, rational(MICRO_PER_CREDIT)))
  return { credits: toNumber(credits), eur: toNumber(eur), microCredits }
}

/** The same figures from a sum of the ledger. */
export const priceOfMicroCredits = (microCredits: bigint, list: PriceList = PRICE_LIST): Price =>
  shownPrice(rational(microCredits, MICRO_PER_CREDIT), list)

/**
 * What an executor earns for `units` of accepted work, in micro-credits, rounded down: the list's rate for its draws,
 * whatever the job's verification factor is, for a check is worth as much as the first run.
 */
export function contributionOf(
  profile: KernelId,
  units: bigint,
  drawsPerUnit: Rational,
  list: PriceList = PRICE_LIST,
): bigint {
  const draws = multiply(rational(units), drawsPerUnit)
  const { numerator, denominator } = multiply(
    multiply(draws, creditsPerDraw(profile, list)),
    rational(MICRO_PER_CREDIT),
  )
  return numerator / denominator
}

function creditsPerDraw({ op, version, profile }: KernelId, list: PriceList): Rational {
  const name = `${op}/${version}/${profile}`
  const row = Object.hasOwn(list.profiles, name) ? list.profiles[name] : undefined
  if (row === undefined) throw new RangeError(`${name} has no row in the price list`)
  return multiply(rationalFromDecimal(row.credits_per_giga_draw), GIGA)
}

const toGrain = (value: Rational, grain: Rational): bigint =>
  round(multiply(value, rational(grain.denominator, grain.numerator)))

/**
 * A rate is a term of the contract that people write and read as a decimal, so 0.1 is one tenth here and the founding
 * example can be worked on paper; args, whose doubles the kernel computes with, keep their exact value instead.
 */
function verificationFactor({ verify, spotcheckRate }: Work, list: PriceList): Rational {
  const { base, plus_rate } = list.verification[verify]
  const factor = rationalFromDecimal(base)
  return plus_rate ? add(factor, rationalFromDecimal(String(spotcheckRate))) : factor
}
