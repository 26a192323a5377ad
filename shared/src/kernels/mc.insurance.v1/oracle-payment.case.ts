// What one claim or one catastrophe pays, in doubles and by other formulas than the kernel's: the tail, the limited mean,
// the moments and the atoms of min(max(X - deductible, 0), limit). "Loss Models" by Klugman, Panjer and Willmot, chapter 8
// and appendix A, for the lognormal; a mixture of uniforms and points for a severity given as data.
import type { Severity } from './args.ts'
import { normalTail } from './oracle.case.ts'

export interface Payment {
  /** P(Y > x), x at least 0. */
  above(x: number): number
  /** E[min(Y, x)] */
  limited(x: number): number
  /** E[Y^n], n at least 1. */
  moment(n: number): number
  /** Every value with a probability of its own, 0 among them. */
  readonly atoms: readonly Atom[]
}

interface Atom {
  readonly value: number
  readonly mass: number
}

export const paymentOf = (severity: Severity, deductible: number, limit: number | null): Payment =>
  severity.kind === 'lognormal'
    ? lognormalPayment(severity.mu, severity.sigma, deductible, limit ?? Infinity)
    : empiricalPayment(severity.quantiles, deductible, limit ?? Infinity)

/** sigma above 0. */
function lognormalPayment(mu: number, sigma: number, deductible: number, limit: number): Payment {
  const top = deductible + limit
  const z = (x: number): number => (x <= 0 ? -Infinity : (Math.log(x) - mu) / sigma)
  const whole = (n: number): number => Math.exp(n * mu + (n * n * sigma * sigma) / 2)
  /** E[min(X, x)] */
  const limitedSeverity = (x: number): number => {
    if (x <= 0) return 0
    if (x === Infinity) return whole(1)
    return whole(1) * fastNormalTail(sigma - z(x)) + x * fastNormalTail(z(x))
  }
  /** E[X^n; deductible < X < top] */
  const between = (n: number): number =>
    whole(n) * (normalTail(z(deductible) - n * sigma) - normalTail(z(top) - n * sigma))
  const below = limitedSeverity(deductible)
  return {
    above: (x) => (x < limit ? normalTail(z(deductible + x)) : 0),
    limited: (x) => limitedSeverity(deductible + Math.min(x, limit)) - below,
    moment(n) {
      let sum = limit === Infinity ? 0 : limit ** n * normalTail(z(top))
      for (let k = 0, ways = 1; k <= n; ways = (ways * (n - k)) / ++k)
        sum += ways * (-deductible) ** (n - k) * between(k)
      return sum
    },
    atoms: [
      ...(deductible > 0 ? [{ value: 0, mass: 1 - normalTail(z(deductible)) }] : []),
      ...(limit < Infinity ? [{ value: limit, mass: normalTail(z(top)) }] : []),
    ],
  }
}

/** X is uniform between any two points of its quantile function, each piece as probable as it is wide in p. */
function empiricalPayment(
  quantiles: readonly (readonly [p: number, x: number])[],
  deductible: number,
  limit: number,
): Payment {
  const masses = new Map<number, number>()
  const pieces: { readonly from: number; readonly to: number; readonly mass: number }[] = []
  const paid = (x: number): number => Math.min(Math.max(x - deductible, 0), limit)
  const put = (value: number, mass: number): void => {
    if (mass > 0) masses.set(value, (masses.get(value) ?? 0) + mass)
  }
  quantiles.slice(1).forEach(([p, b], i) => {
    const [before, a] = quantiles[i] ?? [0, 0]
    if (a === b) return put(paid(a), p - before)
    const density = (p - before) / (b - a)
    put(0, density * Math.max(Math.min(b, deductible) - a, 0))
    put(limit, density * Math.max(b - Math.max(a, deductible + limit), 0))
    const [from, to] = [paid(a), paid(b)]
    if (from < to) pieces.push({ from, to, mass: density * (to - from) })
  })
  const atoms = [...masses].map(([value, mass]) => ({ value, mass }))
  const sum = (ofAtom: (value: number) => number, ofPiece: (from: number, to: number) => number): number =>
    atoms.reduce((all, { value, mass }) => all + mass * ofAtom(value), 0) +
    pieces.reduce((all, { from, to, mass }) => all + mass * ofPiece(from, to), 0)
  return {
    above: (x) =>
      sum(
        (value) => (value > x ? 1 : 0),
        (from, to) => Math.min(Math.max((to - x) / (to - from), 0), 1),
      ),
    limited: (x) =>
      sum(
        (value) => Math.min(value, x),
        (from, to) => {
          const cut = Math.min(Math.max(x, from), to)
          return Math.min(x, from) + ((cut - from) * (to - from - (cut - from) / 2)) / (to - from)
        },
      ),
    moment: (n) =>
      sum(
        (value) => value ** n,
        (from, to) => (to ** (n + 1) - from ** (n + 1)) / ((n + 1) * (to - from)),
      ),
    atoms,
  }
}

/** Nodes of the table, 64 to a unit, from -NODES_END to NODES_END. */
const NODES = 64
const NODES_END = 40
const nodes: { readonly tail: number; readonly density: number }[] = []

/**
 * `normalTail` by Taylor's series around the nearest of some 5,000 nodes, to its 15 digits: a grid asks for a quarter of a
 * million values. The n-th derivative of the density is (-1)^n He_n(z) times it, He the Hermite polynomials.
 */
function fastNormalTail(z: number): number {
  if (z >= NODES_END) return 0
  if (z <= -NODES_END) return 1
  if (nodes.length === 0) {
    for (let i = -NODES_END * NODES; i <= NODES_END * NODES; i++) {
      const at = i / NODES
      nodes.push({ tail: normalTail(at), density: Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI) })
    }
  }
  const index = Math.round(z * NODES)
  const { tail = 0, density = 0 } = nodes[index + NODES_END * NODES] ?? {}
  const node = index / NODES
  const d = z - node
  let [before, hermite, power, sum] = [0, 1, d, d]
  for (let n = 1; n < 12; n++) {
    const next = node * hermite - (n - 1) * before
    before = hermite
    hermite = next
    power *= -d / (n + 1)
    sum += hermite * power
  }
  return tail - density * sum
}
