// What a count in a sample says of the share behind it: the exact (Clopper-Pearson) 95 % interval, found by bisection
// over binomial tails. Doubles are good enough: it is for reports, and no part of what the Hub computes.

const TAIL = 0.025
const STEPS = 60

export interface Interval {
  readonly share: number
  readonly low: number
  readonly high: number
}

/** `share` is 0 where there is no sample. */
export function intervalOf(hits: number, of: number): Interval {
  if (of === 0) return { share: 0, low: 0, high: 1 }
  return {
    share: hits / of,
    low: hits === 0 ? 0 : bisect((p) => tailFrom(hits, of, p) >= TAIL),
    high: hits === of ? 1 : bisect((p) => 1 - tailFrom(hits + 1, of, p) <= TAIL),
  }
}

/** The least p at which it holds. */
function bisect(holds: (p: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2
    if (holds(middle)) high = middle
    else low = middle
  }
  return high
}

/** P(X >= least) for X binomial(of, p): the shorter side is summed. */
function tailFrom(least: number, of: number, p: number): number {
  if (least > of * p) return sum(least, of, of, p)
  return 1 - sum(0, least - 1, of, p)
}

function sum(from: number, to: number, of: number, p: number): number {
  let total = 0
  // From the greatest term outwards they only fall: from there on nothing is left to add once they vanish.
  const peak = Math.min(to, Math.max(from, Math.floor((of + 1) * p)))
  let term = Math.exp(logTerm(peak, of, p))
  const first = term
  for (let k = peak; k <= to && term > 0; k++) {
    total += term
    term *= ((of - k) / (k + 1)) * (p / (1 - p))
    if (term < total * 1e-17) break
  }
  term = first
  for (let k = peak; k > from && term > 0; k--) {
    term *= (k / (of - k + 1)) * ((1 - p) / p)
    total += term
    if (term < total * 1e-17) break
  }
  return Math.min(1, total)
}

function logTerm(k: number, of: number, p: number): number {
  let log = k * Math.log(p) + (of - k) * Math.log1p(-p)
  for (let i = 1; i <= Math.min(k, of - k); i++) log += Math.log(of - i + 1) - Math.log(i)
  return log
}
