// The same model in plain JavaScript, as anyone would write it who knows V8 well: doubles, Math.exp and Math.log, a
// typed array for the histogram, nothing allocated on the way. Math.random was a sixth slower than the generator here,
// and Box and Muller's normals a tenth slower than the polar method.
import type { Answer } from './answer.ts'
import { startClocks } from './clocks.ts'
import { FOUNDING } from './model.ts'
import { BINS } from './partial.ts'

/** 26 octaves from 2^-6 to 2^20, of 128 bins each: a double's high word has seven bits of its fraction from bit 13 on. */
const FIRST_BIN = (1023 - 6) << 7

export function doubles(): (years: number) => Answer {
  const { claim_freq: rate, claim_severity_mu: mu, claim_severity_sig: sigma } = FOUNDING
  const { cat_prob: catProb, cat_mu: catMu, cat_sig: catSigma, cat_limit: catLimit } = FOUNDING
  const { policy_limit: policyLimit, deductible } = FOUNDING
  const { aggregate_deductible: aggregateDeductible, aggregate_limit: aggregateLimit } = FOUNDING
  const none = Math.exp(-rate)
  const real = new Float64Array(1)
  const halves = new Uint32Array(real.buffer)
  const uniform = uniforms(1)
  const normal = normals(uniform)

  const count = (): number => {
    const u = uniform()
    let probability = none
    let below = none
    let n = 0
    // Past 60 the sum stands still, perhaps below u.
    while (u > below && n < 60) {
      probability *= rate / ++n
      below += probability
    }
    return n
  }

  return (years) => {
    const histogram = new Uint32Array(BINS)
    let sum = 0
    let sumSquares = 0
    let claims = 0
    let atLimit = 0
    let least = Infinity
    let greatest = 0
    const clocks = startClocks()
    for (let year = 0; year < years; year++) {
      const n = count()
      let paid = 0
      for (let i = 0; i < n; i++) {
        const claim = Math.exp(mu + sigma * normal())
        if (claim > deductible) paid += Math.min(claim - deductible, policyLimit)
      }
      if (uniform() < catProb) paid += Math.min(Math.exp(catMu + catSigma * normal()), catLimit)
      const loss = paid > aggregateDeductible ? Math.min(paid - aggregateDeductible, aggregateLimit) : 0
      sum += loss
      sumSquares += loss * loss
      claims += n
      if (loss === aggregateLimit) atLimit++
      if (loss < least) least = loss
      if (loss > greatest) greatest = loss
      real[0] = loss
      const bin = ((halves[1] ?? 0) >>> 13) - FIRST_BIN
      const at = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin
      histogram[at] = (histogram[at] ?? 0) + 1
    }
    return {
      ...clocks(),
      sum: String(sum),
      sumSquares: String(sumSquares),
      claims: String(claims),
      yearsAtAggregateLimit: atLimit,
      least,
      greatest,
      histogram: [...histogram],
    }
  }
}

/** Marsaglia's polar method, two at a time. */
function normals(uniform: () => number): () => number {
  let spare = 0
  let hasSpare = false
  return () => {
    if (hasSpare) {
      hasSpare = false
      return spare
    }
    for (;;) {
      const a = 2 * uniform() - 1
      const b = 2 * uniform() - 1
      const square = a * a + b * b
      if (square >= 1 || square === 0) continue
      const factor = Math.sqrt((-2 * Math.log(square)) / square)
      spare = b * factor
      hasSpare = true
      return a * factor
    }
  }
}

/** xoshiro128** by Blackman and Vigna, from 0 up to 1. */
function uniforms(seed: number): () => number {
  let a = seed | 0
  let b = 0x9e3779b9 | 0
  let c = 0x243f6a88 | 0
  let d = 0xb7e15162 | 0
  const next = (): number => {
    const times5 = Math.imul(b, 5)
    const word = Math.imul((times5 << 7) | (times5 >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return (word >>> 0) * 2 ** -32
  }
  // The first words of a small seed are alike.
  for (let i = 0; i < 20; i++) next()
  return next
}
