// The bound against the design's reference values, against every placement of wrong shards and checks where they can all
// be tried, against the table over authors where they cannot, and against its own laws.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, compare, multiply, rational, type Rational } from '../exact/rational.ts'
import { boundsOf, greatestTotal, greatestUnseen, type Stratum } from './bound.ts'

const stratum = (shards: number, checked: number, checkedByTrusted = 0): Stratum => ({
  shards,
  checked,
  checkedByTrusted,
})
const times = (count: number, each: Stratum): readonly Stratum[] => Array.from({ length: count }, () => each)
const share = (total: number, parts: number, part: number): number =>
  Math.floor(total / parts) + (part < total % parts ? 1 : 0)
const evenly = (shards: number, authors: number, checks: number): readonly Stratum[] =>
  Array.from({ length: authors }, (_, author) =>
    stratum(share(shards, authors, author), share(checks, authors, author)),
  )
/** For c = 1/20, 1/10 and 1/5. */
const wrongOf = (strata: readonly Stratum[]): readonly number[] =>
  boundsOf(strata).map(({ max_wrong_shards }) => max_wrong_shards)

describe('the values that the design names', () => {
  it.each([
    ['64 shards of 10 authors, one check each', evenly(64, 10, 10), [17, 18, 20]],
    ['two each', evenly(64, 10, 20), [8, 9, 10]],
    ['50 authors of 20 shards, two checks each', times(50, stratum(20, 2)), [30, 31, 35]],
    ['1024 shards, one author having 44 and 5 checks', [...times(49, stratum(20, 2)), stratum(44, 5)], [30, 31, 35]],
    ['1024 shards of 50 authors, 103 checks, as even as can be', evenly(1024, 50, 103), [31, 32, 37]],
    ['full: a single liar is excluded at 1/20 and at no greater c', evenly(64, 10, 64), [0, 1, 1]],
    ['full by trusted executors', times(8, stratum(8, 8, 8)), [0, 0, 0]],
    ['none', evenly(64, 10, 0), [64, 64, 64]],
    ['no shards', [], [0, 0, 0]],
  ])('%s', (_, strata, expected) => {
    expect(wrongOf(strata)).toEqual(expected)
  })

  it('are published as the record has them', () => {
    expect(boundsOf(evenly(64, 10, 10))[0]).toEqual({
      confidence: 0.95,
      assumed_collusion: '1/20',
      max_wrong_shards: 17,
      max_wrong_fraction: 0.265625,
    })
    expect(boundsOf([stratum(2, 2, 2), stratum(1, 0)])[2]?.max_wrong_fraction, '1/3, rounded up').toBe(0.333334)
  })
})

describe('where lies were found', () => {
  it('is the greatest number of lies that pass beside them often enough, by the sum over all lies', () => {
    for (const collusion of collusions) {
      for (const found of [1, 2, 5, 12]) {
        const bound = greatestUnseen(found, 64, collusion)
        const doubt = rational(1n, 20n)
        expect(compare(passing(bound, found, collusion), doubt)).toBe(1)
        expect(compare(passing(bound + 1, found, collusion), doubt)).not.toBe(1)
      }
    }
  })

  it('is that of checked shards where none was, and the more the more were found', () => {
    for (const collusion of collusions) {
      expect(greatestUnseen(0, 64, collusion)).toBe(greatestTotal([stratum(64, 64)], collusion))
      const more = [0, 1, 4, 16, 64].map((found) => greatestUnseen(found, 64, collusion))
      expect(more).toEqual(more.toSorted((a, b) => a - b))
    }
  })

  it('counts what nobody checked as wrong, and nothing that a trusted executor checked', () => {
    expect(boundsOf([stratum(10, 10, 10), stratum(3, 0)], 5).map(({ max_wrong_shards }) => max_wrong_shards)).toEqual([
      3, 3, 3,
    ])
    expect(() => boundsOf([], -1)).toThrow(RangeError)
  })

  it('ends quickly where a whole job was void', () => {
    expect(greatestUnseen(10_000, 100_000, rational(1n, 5n))).toBeGreaterThan(2_500)
  })
})

/** P(at least `wrong` of `wrong + found` lies pass), each with probability c. */
function passing(wrong: number, found: number, c: Rational): Rational {
  const lies = wrong + found
  const caught = rational(c.denominator - c.numerator, c.denominator)
  return Array.from({ length: found + 1 }, (_, n) =>
    multiply(rational(choose(lies, n)), multiply(power(caught, n), power(c, lies - n))),
  ).reduce(add, rational(0n))
}

describe('from first principles', () => {
  it('is the largest set of wrong shards that goes unseen often enough, over all sets and all draws of checks', () => {
    const small = fc.array(stratumOf(5), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(small, (strata) => {
        expect(wrongOf(strata)).toEqual(collusions.map((c) => bestTotal(strata.map((s) => survivalsByTrial(s, c)))))
      }),
      { numRuns: 60 },
    )
  })

  it('is what the table over authors gives, by the formula as the design writes it', () => {
    const larger = fc.array(stratumOf(30), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(larger, (some) => {
        // Each a second time with other trust: strata are alike only when all their counts are.
        const strata = some.flatMap((each) => [
          each,
          { ...each, checkedByTrusted: each.checked - each.checkedByTrusted },
        ])
        expect(wrongOf(strata)).toEqual(collusions.map((c) => bestTotal(strata.map((s) => survivalsByFormula(s, c)))))
      }),
      { numRuns: 60 },
    )
  })
})

describe('laws', () => {
  const strata = fc.array(stratumOf(60), { minLength: 1, maxLength: 12 })
  const changed = (all: readonly Stratum[], change: (first: Stratum) => Stratum): readonly Stratum[] =>
    all.map((each, i) => (i === 0 ? change(each) : each))
  const neverRaises = (change: (first: Stratum) => Stratum): void =>
    fc.assert(
      fc.property(strata, (all) => {
        const before = wrongOf(all)
        for (const [i, after] of wrongOf(changed(all, change)).entries()) {
          expect(after).toBeLessThanOrEqual(before[i] ?? -1)
        }
      }),
    )

  it('one more check never raises it', () => neverRaises((s) => ({ ...s, checked: Math.min(s.shards, s.checked + 1) })))
  it('trust in a checker never raises it', () =>
    neverRaises((s) => ({ ...s, checkedByTrusted: Math.min(s.checked, s.checkedByTrusted + 1) })))
  it('a shard that is not there never raises it', () =>
    neverRaises((s) => ({ ...s, shards: Math.max(s.checked, s.shards - 1) })))

  it('more collusion never lowers it, and it never exceeds what no trusted executor has checked', () => {
    fc.assert(
      fc.property(strata, (all) => {
        const open = all.reduce((sum, { shards, checkedByTrusted }) => sum + shards - checkedByTrusted, 0)
        const ascending = [...wrongOf(all), open]
        expect(ascending.toSorted((a, b) => a - b)).toEqual(ascending)
      }),
    )
  })

  it('where nothing is checked all may be wrong, and the order of authors says nothing', () => {
    fc.assert(
      fc.property(strata, fc.nat({ max: 20 }), (all, shards) => {
        expect(wrongOf([stratum(shards, 0), ...all.toReversed()])).toEqual(wrongOf(all).map((wrong) => wrong + shards))
      }),
    )
  })

  it('the fraction never says less than the number, nor a millionth more', () => {
    fc.assert(
      fc.property(strata, (some) => {
        const all = [stratum(1, 1), ...some]
        const shards = all.reduce((sum, each) => sum + each.shards, 0)
        for (const { max_wrong_shards, max_wrong_fraction } of boundsOf(all)) {
          const millionths = Math.round(max_wrong_fraction * 1e6)
          expect(millionths / 1e6).toBe(max_wrong_fraction)
          expect(millionths * shards).toBeGreaterThanOrEqual(max_wrong_shards * 1e6)
          expect((millionths - 1) * shards).toBeLessThan(max_wrong_shards * 1e6)
        }
      }),
    )
  })

  it('does not depend on where the search begins', () => {
    const few = fc.array(fc.oneof(stratumOf(9), fc.constant(stratum(8, 2)), fc.constant(stratum(3, 2, 1))), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(few, fc.array(fc.nat({ max: 8 }), { minLength: 8, maxLength: 8 }), (all, eighths) => {
        const anywhere = collusions.map((c) =>
          greatestTotal(all, c, (groups) => {
            for (const [i, group] of groups.entries()) {
              const most = (group.shards - group.trusted) * group.strata
              group.taken = Math.floor((most * (eighths[i] ?? 0)) / 8)
            }
          }),
        )
        expect(anywhere).toEqual(wrongOf(all))
      }),
    )
  })

  it('refuses counts that contradict each other', () => {
    for (const wrong of [stratum(3, 4), stratum(3, 2, 3), stratum(3, 2, -1), stratum(2.5, 1), stratum(Number.NaN, 0)]) {
      expect(() => boundsOf([stratum(3, 2, 1), wrong])).toThrow(RangeError)
    }
  })
})

describe('the largest jobs', () => {
  it('of one author and one check: 1 - m (1 - c) / n stays above 1/20', () => {
    expect(wrongOf([stratum(49_152, 1)])).toEqual([49_151, 49_152, 49_152])
    expect(wrongOf([stratum(49_152, 1, 1)])).toEqual(times3(Math.ceil(49_152 * 0.95) - 1))
  })

  it('of 2,048 authors with 24 shards each: one wrong shard at each of so many', () => {
    const left = (ordinary: number, trusted: number, c: Rational): Rational =>
      rational(
        24n * c.denominator - BigInt(trusted) * c.denominator - BigInt(ordinary) * (c.denominator - c.numerator),
        24n * c.denominator,
      )
    for (const [ordinary, trusted] of [
      [2, 0],
      [1, 1],
      [24, 0],
      [20, 4],
    ] as const) {
      const expected = collusions.map((c) => {
        let [wrong, survives] = [0, left(ordinary, trusted, c)]
        for (; compare(survives, doubt) > 0; wrong++) survives = multiply(survives, left(ordinary, trusted, c))
        return wrong
      })
      expect(wrongOf(times(2048, stratum(24, ordinary + trusted, trusted)))).toEqual(expected)
    }
  })

  it('of 2,000 uneven authors: between the bounds of the best and the worst checked of them', () => {
    const uneven = Array.from({ length: 2000 }, (_, i) => stratum(18 + (i % 13), 2 + (i % 3), i % 2))
    const [best, worst] = [wrongOf(times(2000, stratum(18, 4, 1))), wrongOf(times(2000, stratum(30, 2, 0)))]
    for (const [i, wrong] of wrongOf(uneven).entries()) {
      expect(wrong).toBeGreaterThanOrEqual(best[i] ?? Infinity)
      expect(wrong).toBeLessThanOrEqual(worst[i] ?? 0)
    }
  })
})

const times3 = (value: number): readonly number[] => [value, value, value]
const doubt = rational(1n, 20n)
const collusions: readonly Rational[] = [rational(1n, 20n), rational(1n, 10n), rational(1n, 5n)]

function stratumOf(max: number): fc.Arbitrary<Stratum> {
  return fc
    .nat({ max })
    .chain((shards) => fc.tuple(fc.constant(shards), fc.nat({ max: shards })))
    .chain(([shards, checked]) => fc.nat({ max: checked }).map((trusted) => stratum(shards, checked, trusted)))
}

/** The table over authors: the greatest total whose best product exceeds 1/20. */
function bestTotal(survivals: readonly (readonly Rational[])[]): number {
  let best: readonly Rational[] = [rational(1n)]
  for (const each of survivals) {
    const next: Rational[] = Array.from({ length: best.length + each.length - 1 }, () => rational(0n))
    for (const [total, product] of best.entries()) {
      for (const [m, survives] of each.entries()) {
        const both = multiply(product, survives)
        if (compare(both, next[total + m] ?? both) > 0) next[total + m] = both
      }
    }
    best = next
  }
  return best.findLastIndex((product) => compare(product, doubt) > 0)
}

/** Each set of m wrong shards against each draw of the checks: the average of c to the ordinary checks that met one. */
function survivalsByTrial({ shards, checked, checkedByTrusted }: Stratum, c: Rational): readonly Rational[] {
  const sets = Array.from({ length: 2 ** shards }, (_, bits) => bits)
  const draws = sets
    .filter((trusted) => ones(trusted) === checkedByTrusted)
    .flatMap((trusted) => sets.map((ordinary) => ({ trusted, ordinary })))
    .filter(({ trusted, ordinary }) => (trusted & ordinary) === 0 && ones(ordinary) === checked - checkedByTrusted)
  return Array.from({ length: shards + 1 }, (_, m) => {
    const [first = rational(0n), ...others] = sets
      .filter((wrong) => ones(wrong) === m)
      .map((wrong) => unseen(draws, wrong, c))
    for (const other of others) expect(compare(other, first), 'all sets of a size are alike').toBe(0)
    return first
  })
}

function unseen(draws: readonly { trusted: number; ordinary: number }[], wrong: number, c: Rational): Rational {
  const sum = draws
    .filter(({ trusted }) => (trusted & wrong) === 0)
    .map(({ ordinary }) => power(c, ones(ordinary & wrong)))
    .reduce(add, rational(0n))
  return rational(sum.numerator, sum.denominator * BigInt(draws.length))
}

/** C(m, j) C(n - m, k - j) C(n - m - k + j, t) / (C(n, k) C(n - k, t)) c^j: ordinary checks first, then trusted ones. */
function survivalsByFormula({ shards: n, checked, checkedByTrusted: t }: Stratum, c: Rational): readonly Rational[] {
  const k = checked - t
  const all = choose(n, k) * choose(n - k, t)
  return Array.from({ length: n + 1 }, (_, m) =>
    Array.from({ length: k + 1 }, (__, j) => {
      const ways = choose(m, j) * choose(n - m, k - j) * choose(n - m - (k - j), t)
      return multiply(rational(ways, all), power(c, j))
    }).reduce(add, rational(0n)),
  )
}

function choose(n: number, k: number): bigint {
  if (k < 0 || n < k) return 0n
  let product = 1n
  for (let i = 1; i <= k; i++) product = (product * BigInt(n - k + i)) / BigInt(i)
  return product
}
const power = ({ numerator, denominator }: Rational, exponent: number): Rational =>
  rational(numerator ** BigInt(exponent), denominator ** BigInt(exponent))
const ones = (bits: number): number => bits.toString(2).replaceAll('0', '').length
