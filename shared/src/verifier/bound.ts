// How many shards may still be wrong after every check: the bound in a job's verification record, from counts alone. It is
// the greatest number that the checks do not exclude at 95 % confidence; exact fractions decide, and doubles only say
// where to begin looking. Who may check whom, and what follows from a lie, belongs to the Hub.
import { ceil, compare, multiply, rational, type Rational } from '../exact/rational.ts'
import { roughSurvival, survival, type Checks } from './survival.ts'

/** The shards of one author. A shard that any trusted executor checked counts as checked by trusted, and only once. */
export interface Stratum {
  readonly shards: number
  /** Of `shards`, by anybody but the author. */
  readonly checked: number
  /** Of `checked`. */
  readonly checkedByTrusted: number
}

/** The probability, assumed and never measured, that an ordinary checker confirms a wrong shard. */
export type AssumedCollusion = '1/20' | '1/10' | '1/5'

export interface Bound {
  readonly confidence: 0.95
  readonly assumed_collusion: AssumedCollusion
  readonly max_wrong_shards: number
  /** Of all shards, rounded up to six decimals, so that it never says less than `max_wrong_shards` does. */
  readonly max_wrong_fraction: number
}

const COLLUSIONS: readonly (readonly [AssumedCollusion, Rational])[] = [
  ['1/20', rational(1n, 20n)],
  ['1/10', rational(1n, 10n)],
  ['1/5', rational(1n, 5n)],
]
/** What an error must stay above to be thought possible: 1 less the confidence. */
const DOUBT = rational(1n, 20n)

/**
 * One bound for each assumed collusion. `found`: how many answers of the job were proven wrong, or void with their author.
 * Throws a `RangeError` on counts that contradict each other.
 */
export function boundsOf(strata: readonly Stratum[], found = 0): readonly Bound[] {
  for (const stratum of strata) refuseNonsense(stratum)
  if (!Number.isSafeInteger(found) || found < 0) throw new RangeError(`${found} answers cannot have been found wrong`)
  const shards = strata.reduce((sum, stratum) => sum + stratum.shards, 0)
  return COLLUSIONS.map(([assumed_collusion, collusion]) => {
    const wrong = found === 0 ? greatestTotal(strata, collusion) : unseenBeside(strata, found, collusion)
    return {
      confidence: 0.95,
      assumed_collusion,
      max_wrong_shards: wrong,
      max_wrong_fraction: wrong === 0 ? 0 : Number(ceil(rational(BigInt(wrong) * 1_000_000n, BigInt(shards)))) / 1e6,
    }
  })
}

/**
 * Where lies were found, the rest is checked one and all, and what is left to fear are lies whose checker confirmed them.
 * That each single one had to pass is then too little: of many lies a few do, and those that did not are known. A lie
 * passes with probability c; the number that pass before the (found + 1)-th is found has a negative binomial distribution,
 * and the bound is its greatest value that is not excluded. Shards without a check, of a job that gave up on them, count
 * as wrong. With none found it would be the bound of strata that are checked throughout.
 */
function unseenBeside(strata: readonly Stratum[], found: number, collusion: Rational): number {
  const unchecked = strata.reduce((sum, { shards, checked }) => sum + shards - checked, 0)
  const confirmed = strata.reduce((sum, { checked, checkedByTrusted }) => sum + checked - checkedByTrusted, 0)
  return unchecked + greatestUnseen(found, confirmed, collusion)
}

/** The greatest m <= most for which P(at least m pass before the (found + 1)-th is found) is above `DOUBT`. */
export function greatestUnseen(found: number, most: number, { numerator: c, denominator: of }: Rational): number {
  // P(fewer than m pass) = sum over j < m of C(j + found, found) c^j (1 - c)^(found + 1): all over `scale`, j by j.
  let ways = 1n
  let power = (of - c) ** BigInt(found + 1)
  let scale = of ** BigInt(found + 1)
  let fewer = 0n
  for (let m = 0; m < most; m++) {
    fewer += ways * power
    if ((scale - fewer) * DOUBT.denominator <= DOUBT.numerator * scale) return m
    ways = (ways * BigInt(m + 1 + found)) / BigInt(m + 1)
    power *= c
    scale *= of
    fewer *= of
  }
  return most
}

function refuseNonsense({ shards, checked, checkedByTrusted }: Stratum): void {
  const ordered = 0 <= checkedByTrusted && checkedByTrusted <= checked && checked <= shards
  if (ordered && [shards, checked, checkedByTrusted].every((count) => Number.isSafeInteger(count))) return
  throw new RangeError(`${checkedByTrusted} of ${checked} checks of ${shards} shards by trusted executors cannot be`)
}

/** Strata with equal counts, and how many of their shards are now taken to be wrong: the same in each, or one more. */
interface Group extends Checks {
  readonly strata: number
  taken: number
  survival(m: number): Rational
  /** By what S falls when the m-th shard of a stratum is wrong as well: S(m) / S(m - 1). */
  ratio(m: number): Rational
}

/**
 * The greatest m that can be dealt out to the strata with the product of their S above `DOUBT`.
 *
 * It needs no table over authors, because S is log-concave. The sum in S is, up to a constant, the k-th elementary
 * symmetric polynomial e_k at m arguments c and n' - m arguments 1. Fix all arguments but two and call what is left
 * A = e_k, B = e_(k-1), D = e_(k-2): then S(m) S(m + 2) - S(m + 1)^2 = (1 - c)^2 (A D - B^2) <= 0 by Newton's inequality;
 * and C(n - m, t) is log-concave, and so is a product of both. So the ratios S(m) / S(m - 1) of a stratum only fall, and
 * the best product of any total M is that of the M greatest ratios, wherever they lie. A deal is therefore best for its
 * total exactly when no ratio left out exceeds one taken, and adding the greatest or removing the least keeps it so.
 * From whatever deal `begin` leaves, these moves end at the same total; a good one only saves them.
 */
export function greatestTotal(
  strata: readonly Stratum[],
  collusion: Rational,
  begin: (groups: readonly Group[], collusion: number) => void = guess,
): number {
  const unchecked = strata.filter(({ checked }) => checked === 0).reduce((sum, { shards }) => sum + shards, 0)
  const groups = grouped(strata, collusion)
  begin(groups, Number(collusion.numerator) / Number(collusion.denominator))
  for (;;) {
    const [more, less] = [greatestLeft(groups), leastTaken(groups)]
    if (more === undefined || less === undefined) break
    if (compare(nextRatio(more), lastRatio(less)) <= 0) break
    more.taken++
    less.taken--
  }
  for (let less = leastTaken(groups); less !== undefined && !possible(groups); less = leastTaken(groups)) less.taken--
  for (let more = greatestLeft(groups); more !== undefined; more = greatestLeft(groups)) {
    more.taken++
    if (possible(groups)) continue
    more.taken--
    break
  }
  return unchecked + groups.reduce((sum, { taken }) => sum + taken, 0)
}

function grouped(strata: readonly Stratum[], collusion: Rational): readonly Group[] {
  const counts = new Map<string, { readonly stratum: Stratum; strata: number }>()
  for (const stratum of strata) {
    // Where nothing was checked all may be wrong, at no cost to the others.
    if (stratum.checked === 0) continue
    const name = `${stratum.shards} ${stratum.checked} ${stratum.checkedByTrusted}`
    const count = counts.get(name)
    if (count === undefined) counts.set(name, { stratum, strata: 1 })
    else count.strata++
  }
  return Array.from(counts.values(), ({ stratum, strata: equal }) => groupOf(stratum, equal, collusion))
}

function groupOf({ shards, checked, checkedByTrusted: trusted }: Stratum, strata: number, collusion: Rational): Group {
  const survivals = new Map<number, Rational>()
  const ratios = new Map<number, Rational>()
  const group: Group = {
    shards,
    ordinary: checked - trusted,
    trusted,
    strata,
    taken: 0,
    survival: (m) => remembered(survivals, m, () => survival(group, m, collusion)),
    ratio: (m) =>
      remembered(ratios, m, () => {
        const before = group.survival(m - 1)
        return multiply(group.survival(m), rational(before.denominator, before.numerator))
      }),
  }
  return group
}

function remembered(known: Map<number, Rational>, m: number, work: () => Rational): Rational {
  const found = known.get(m) ?? work()
  known.set(m, found)
  return found
}

/** The ratios of all strata in doubles, the greatest taken for as long as their product stays above `DOUBT`. */
function guess(groups: readonly Group[], collusion: number): void {
  const doubt = Number(DOUBT.numerator) / Number(DOUBT.denominator)
  const ratios: { readonly group: Group; readonly ratio: number }[] = []
  for (const group of groups) {
    for (let m = 1, before = 1; m <= group.shards - group.trusted && before > doubt; m++) {
      const survives = roughSurvival(group, m, collusion)
      ratios.push({ group, ratio: survives / before })
      before = survives
    }
  }
  let product = 1
  for (const { group, ratio } of ratios.toSorted((a, b) => b.ratio - a.ratio)) {
    for (let i = 0; i < group.strata && product * ratio > doubt; i++) {
      product *= ratio
      group.taken++
    }
  }
}

const lastRatio = (group: Group): Rational => group.ratio(Math.ceil(group.taken / group.strata))
const nextRatio = (group: Group): Rational => group.ratio(Math.floor(group.taken / group.strata) + 1)

/** Where the next wrong shard costs least. Past n - t it would certainly be found, so that it is never taken. */
function greatestLeft(groups: readonly Group[]): Group | undefined {
  return groups
    .filter(({ shards, trusted, strata, taken }) => taken < (shards - trusted) * strata)
    .reduce<Group | undefined>(
      (best, group) => (best !== undefined && compare(nextRatio(best), nextRatio(group)) >= 0 ? best : group),
      undefined,
    )
}

/** Where one wrong shard fewer gains most. */
function leastTaken(groups: readonly Group[]): Group | undefined {
  return groups
    .filter(({ taken }) => taken > 0)
    .reduce<Group | undefined>(
      (best, group) => (best !== undefined && compare(lastRatio(best), lastRatio(group)) <= 0 ? best : group),
      undefined,
    )
}

/** Strictly: a probability of just 1/20 excludes. */
function possible(groups: readonly Group[]): boolean {
  const product = groups.reduce((all, { survival: unseen, strata, taken }) => {
    const [each, more] = [Math.floor(taken / strata), taken % strata]
    const most = multiply(all, power(unseen(each), strata - more))
    return more === 0 ? most : multiply(most, power(unseen(each + 1), more))
  }, rational(1n))
  return compare(product, DOUBT) > 0
}

const power = ({ numerator, denominator }: Rational, exponent: number): Rational =>
  rational(numerator ** BigInt(exponent), denominator ** BigInt(exponent))
