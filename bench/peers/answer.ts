// What every contender answers, whatever it is written in: how long the sample took by its own clock, and what it
// accumulated, so that a speed is only ever told beside what was computed.

/** What was accumulated. Sums and counts as text, because they exceed a double; quanta from those that count in integers, else money. */
export interface Work {
  readonly sum: string
  readonly sumSquares: string
  readonly claims: string
  readonly yearsAtAggregateLimit: number
  readonly least: number
  readonly greatest: number
  readonly histogram: readonly number[]
}

export interface Answer extends Work {
  readonly seconds: number
  /** Of its own CPU time: what others do on the machine is not in it. */
  readonly cpuSeconds: number
}

/** In the client's money. */
export interface Moments {
  readonly years: number
  readonly mean: number
  readonly deviation: number
  readonly claimsPerYear: number
  readonly zeroShare: number
  /** Lower end of the histogram's bin that holds the 99.5 % quantile. */
  readonly quantile: number
}

const QUANTILE = 0.995
const BINS_PER_OCTAVE = 128
/** Where those who count in doubles let their 26 octaves begin. */
const DOUBLES_FROM = 2 ** -6

/** Moments of all answers together. `scale`: quanta in a unit of money, or null for an answer in doubles. */
export function momentsOf(answers: readonly Answer[], yearsEach: number, scale: number | null): Moments {
  const years = yearsEach * answers.length
  const total = (of: (answer: Answer) => string | number): number =>
    answers.reduce((sum, answer) => sum + Number(of(answer)), 0)
  const mean = total(({ sum }) => sum) / years
  const variance = total(({ sumSquares }) => sumSquares) / years - mean * mean
  const unit = scale ?? 1
  return {
    years,
    mean: mean / unit,
    deviation: Math.sqrt(variance) / unit,
    claimsPerYear: total(({ claims }) => claims) / years,
    zeroShare: total(({ histogram }) => histogram[0] ?? 0) / years,
    quantile: quantileOf(answers, years, scale),
  }
}

function quantileOf(answers: readonly Answer[], years: number, scale: number | null): number {
  const bins = answers[0]?.histogram.length ?? 0
  let below = 0
  for (let bin = 0; bin < bins; bin++) {
    below += answers.reduce((sum, { histogram }) => sum + (histogram[bin] ?? 0), 0)
    if (below >= QUANTILE * years) return scale === null ? doubleLower(bin) : integerLower(bin) / scale
  }
  return Number.NaN
}

const doubleLower = (bin: number): number =>
  DOUBLES_FROM * 2 ** Math.floor(bin / BINS_PER_OCTAVE) * (1 + (bin % BINS_PER_OCTAVE) / BINS_PER_OCTAVE)

/** The narrow profile's bins: the first 128 hold one loss each. */
function integerLower(bin: number): number {
  const octave = Math.max(0, Math.floor(bin / BINS_PER_OCTAVE) - 1)
  return (bin - octave * BINS_PER_OCTAVE) * 2 ** octave
}

/** By how many standard errors two means differ. */
export function distance(a: Moments, b: Moments): number {
  return (a.mean - b.mean) / Math.sqrt(a.deviation ** 2 / a.years + b.deviation ** 2 / b.years)
}

/** Why an answer in integers is not what it must be, or null: all accumulators count. */
export function difference(found: Answer, expected: Work): string | null {
  for (const part of ['sum', 'sumSquares', 'claims'] as const) {
    if (BigInt(found[part]) !== BigInt(expected[part])) return `${part} is ${found[part]}, not ${expected[part]}`
  }
  for (const part of ['yearsAtAggregateLimit', 'least', 'greatest'] as const) {
    if (found[part] !== expected[part]) return `${part} is ${found[part]}, not ${expected[part]}`
  }
  const bin = expected.histogram.findIndex((count, at) => count !== found.histogram[at])
  return bin < 0 ? null : `bin ${bin} is ${found.histogram[bin]}, not ${expected.histogram[bin]}`
}
