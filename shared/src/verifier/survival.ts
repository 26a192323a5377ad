// The probability that wrong shards of one author pass all checks unseen, exactly and, for a first guess, in doubles. It
// rests on two assumptions only: which shards were checked was drawn uniformly, and checkers lie with a given probability.
import { type Rational } from '../exact/rational.ts'

/** What was checked of one author's shards: no shard counts twice. */
export interface Checks {
  readonly shards: number
  /** Checked by ordinary checkers, any of whom may confirm a wrong shard. */
  readonly ordinary: number
  /** Checked by trusted executors, who never do. */
  readonly trusted: number
}

/**
 * S(m), the probability that no check of a stratum finds any of m wrong shards. Of its n shards k were checked by ordinary
 * checkers, each of whom confirms a wrong shard with probability c, and t by trusted ones, who never do; which were
 * checked was drawn uniformly, and 0 <= m <= n. Drawing the trusted checks first,
 *
 *   S(m) = C(n - m, t) / C(n, t) * sum over j of C(m, j) C(n' - m, k - j) / C(n', k) * c^j,    n' = n - t:
 *
 * the trusted checks all miss the m (the first factor), and then the ordinary ones meet j of them among the n' shards
 * that are left. With t = 0 it is the sum in the design; with k = 0 a wrong shard goes unseen only if it goes unchecked.
 *
 * The sum is E[c^J] with J hypergeometric. By the binomial theorem and E[C(J, i)] = C(m, i) C(k, i) / C(n', i) it is
 * sum over i of (c - 1)^i C(m, i) C(k, i) / C(n', i), which ends at min(m, k) and is evaluated from its inside out.
 */
export function survival({ shards: n, ordinary: k, trusted: t }: Checks, m: number, collusion: Rational): Rational {
  const left = n - t
  const caught = collusion.denominator - collusion.numerator
  let [numerator, denominator] = [1n, 1n]
  for (let i = Math.min(m, k) - 1; i >= 0; i--) {
    const step = collusion.denominator * BigInt(i + 1) * BigInt(left - i) * denominator
    numerator = step - caught * BigInt(m - i) * BigInt(k - i) * numerator
    denominator = step
  }
  for (let i = Math.min(m, t) - 1; i >= 0; i--) {
    numerator *= BigInt(n - Math.max(m, t) - i)
    denominator *= BigInt(n - i)
  }
  return { numerator, denominator }
}

/** The same in doubles, good to many digits while it is above `DOUBT`: for the first guess alone. */
export function roughSurvival({ shards: n, ordinary: k, trusted: t }: Checks, m: number, collusion: number): number {
  let survives = 1
  for (let i = Math.min(m, k) - 1; i >= 0; i--) {
    survives = 1 - (((1 - collusion) * (m - i) * (k - i)) / ((i + 1) * (n - t - i))) * survives
  }
  for (let i = Math.min(m, t) - 1; i >= 0; i--) survives *= (n - Math.max(m, t) - i) / (n - i)
  return survives
}
