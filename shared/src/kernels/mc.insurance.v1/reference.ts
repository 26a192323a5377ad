// The kernel's truth: one year at a time, in the order of README.md, with u32 words and BigInt sums. It is slow and
// plain on purpose; the WASM and the WGSL must return its bytes.
import { countFromTable } from '../../distributions/poisson-threshold.ts'
import { needsRefinement, quantileFromTable, wideQuantileFromTable } from '../../distributions/lognormal-quantile.ts'
import { philox4x32 } from '../../exact/philox.ts'
import type { Launch, ShardRange } from '../kernel.ts'
import { binOf, binsOf, narrowBinOf } from './histogram.ts'
import { amountOf, CONSTANT, DOMAIN, readTables, selectedBins } from './launch.ts'
import { encodePartial } from './partial.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import { encodeTail } from './tail.ts'

/** Years between two words of how far it is: a few hundredths of a second. */
const YEARS_PER_REPORT = 2 ** 10

export function reference(launch: Launch, range: ShardRange, computed: Computed = () => {}): Uint8Array {
  switch (launch.program) {
    case 'narrow':
      return totals(NARROW, launch, range, computed)
    case 'wide':
      return totals(WIDE, launch, range, computed)
    case 'narrow.tail':
      return tail(NARROW, launch, range, computed)
    case 'wide.tail':
      return tail(WIDE, launch, range, computed)
    default:
      throw new RangeError(`there is no program ${launch.program}`)
  }
}

interface Year {
  readonly loss: bigint
  readonly claims: number
}

type Computed = (units: number) => void

function yearsOf(profile: Profile, launch: Launch, computed: Computed): (unit: bigint) => Year {
  const year = profile.name === 'narrow' ? narrowYears(launch) : wideYears(launch)
  let drawn = 0
  return (unit) => {
    if (drawn > 0 && drawn % YEARS_PER_REPORT === 0) computed(drawn)
    drawn++
    return year(unit)
  }
}

function totals(profile: Profile, launch: Launch, range: ShardRange, computed: Computed): Uint8Array {
  const year = yearsOf(profile, launch, computed)
  const aggregateLimit = amountOf(launch, CONSTANT.aggregateLimit)
  const histogram = new Uint32Array(binsOf(profile))
  let [sum, sumSquares, claims, zeroYears, yearsAtAggregateLimit] = [0n, 0n, 0, 0, 0]
  let [least, greatest] = [profile.none, 0n]
  for (let i = 0; i < range.units; i++) {
    const drawn = year(range.firstUnit + BigInt(i))
    const { loss } = drawn
    sum += loss
    sumSquares += loss * loss
    claims += drawn.claims
    if (loss === 0n) zeroYears++
    // No loss of a plan reaches "no limit", so it counts nothing then.
    if (loss === aggregateLimit) yearsAtAggregateLimit++
    if (loss < least) least = loss
    if (loss > greatest) greatest = loss
    const bin = profile.name === 'narrow' ? narrowBinOf(profile.mantissaBits, Number(loss)) : binOf(profile, loss)
    histogram[bin] = (histogram[bin] ?? 0) + 1
  }
  return encodePartial(profile, {
    units: range.units,
    sum,
    sumSquares,
    claims: BigInt(claims),
    zeroYears,
    yearsAtAggregateLimit,
    least,
    greatest,
    histogram,
  })
}

function tail(profile: Profile, launch: Launch, range: ShardRange, computed: Computed): Uint8Array {
  const year = yearsOf(profile, launch, computed)
  const selected = selectedBins(launch)
  const segments = Array.from({ length: selected.length + 1 }, () => ({ sum: 0n, squares: 0n }))
  const listed: bigint[] = []
  for (let i = 0; i < range.units; i++) {
    const { loss } = year(range.firstUnit + BigInt(i))
    const bin = binOf(profile, loss)
    if (selected.includes(bin)) {
      listed.push(loss)
      continue
    }
    const segment = segments[selected.filter((below) => below < bin).length]
    if (segment === undefined) throw new Error('there is a segment for every loss')
    segment.sum += loss
    segment.squares += loss * loss
  }
  return encodeTail(profile, range.units, segments, BigUint64Array.from(listed).toSorted())
}

/** Reads the words of a year: how many claims, each claim's words, the catastrophe's words if it happens. */
function wordsOf(launch: Launch) {
  const { count: countTable } = readTables(launch)
  const constant = (index: number): number => launch.constants[index] ?? 0
  const [key0, key1] = [constant(CONSTANT.key0), constant(CONSTANT.key1)]
  const catPossible = constant(CONSTANT.catPossible) === 1
  const [catHigh, catLow] = [constant(CONSTANT.catHigh), constant(CONSTANT.catLow)]
  const words = new Uint32Array(4)
  const draw = (unit: bigint, block: number, domain: number, word: number): number => {
    philox4x32(words, Number(unit & 0xffffffffn), Number(unit >> 32n), block, domain, key0, key1)
    return words[word] ?? 0
  }
  return {
    count: (unit: bigint): number => countFromTable(countTable, draw(unit, 0, DOMAIN.claim, 0)),
    claim(unit: bigint, i: number): readonly [word: number, refinement: number] {
      const word =
        i < 2 ? draw(unit, 0, DOMAIN.claim, 2 + i) : draw(unit, 1 + ((i - 2) >> 2), DOMAIN.claim, (i - 2) & 3)
      return [word, needsRefinement(word) ? draw(unit, i >> 2, DOMAIN.refine, i & 3) : 0]
    },
    catastrophe(unit: bigint): readonly [word: number, refinement: number] | null {
      if (!catPossible) return null
      const high = draw(unit, 0, DOMAIN.claim, 1)
      if (high > catHigh) return null
      if (high === catHigh && draw(unit, 0, DOMAIN.catastrophe, 0) > catLow) return null
      const word = draw(unit, 0, DOMAIN.catastrophe, 1)
      return [word, draw(unit, 0, DOMAIN.catastrophe, 2)]
    },
  }
}

/** Money in u32, which a double holds exactly. */
function narrowYears(launch: Launch): (unit: bigint) => Year {
  const { severity, catastrophe } = readTables(launch)
  const amount = (index: number): number => launch.constants[index] ?? 0
  const deductible = amount(CONSTANT.deductible)
  const policyLimit = amount(CONSTANT.policyLimit)
  const catLimit = amount(CONSTANT.catLimit)
  const aggregateDeductible = amount(CONSTANT.aggregateDeductible)
  const aggregateLimit = amount(CONSTANT.aggregateLimit)
  const sumCap = amount(CONSTANT.sumCap)
  const greatestEvent = amount(CONSTANT.greatestEvent) === 1
  const words = wordsOf(launch)
  const combined = (sum: number, payment: number): number =>
    Math.min(greatestEvent ? Math.max(sum, payment) : sum + payment, sumCap)

  return (unit) => {
    const claims = words.count(unit)
    let sum = 0
    for (let i = 0; i < claims; i++) {
      const claim = quantileFromTable(severity, ...words.claim(unit, i))
      sum = combined(sum, claim > deductible ? Math.min(claim - deductible, policyLimit) : 0)
    }
    const cat = words.catastrophe(unit)
    if (cat !== null) sum = combined(sum, Math.min(quantileFromTable(catastrophe, ...cat), catLimit))
    const loss = sum > aggregateDeductible ? Math.min(sum - aggregateDeductible, aggregateLimit) : 0
    return { loss: BigInt(loss), claims }
  }
}

/** The same in u64. */
function wideYears(launch: Launch): (unit: bigint) => Year {
  const { severity, catastrophe } = readTables(launch)
  const deductible = amountOf(launch, CONSTANT.deductible)
  const policyLimit = amountOf(launch, CONSTANT.policyLimit)
  const catLimit = amountOf(launch, CONSTANT.catLimit)
  const aggregateDeductible = amountOf(launch, CONSTANT.aggregateDeductible)
  const aggregateLimit = amountOf(launch, CONSTANT.aggregateLimit)
  const sumCap = amountOf(launch, CONSTANT.sumCap)
  const greatestEvent = launch.constants[CONSTANT.greatestEvent] === 1
  const words = wordsOf(launch)
  const combined = (sum: bigint, payment: bigint): bigint =>
    min(greatestEvent ? (sum > payment ? sum : payment) : sum + payment, sumCap)

  return (unit) => {
    const claims = words.count(unit)
    let sum = 0n
    for (let i = 0; i < claims; i++) {
      const claim = wideQuantileFromTable(severity, ...words.claim(unit, i))
      sum = combined(sum, claim > deductible ? min(claim - deductible, policyLimit) : 0n)
    }
    const cat = words.catastrophe(unit)
    if (cat !== null) sum = combined(sum, min(wideQuantileFromTable(catastrophe, ...cat), catLimit))
    return { loss: sum > aggregateDeductible ? min(sum - aggregateDeductible, aggregateLimit) : 0n, claims }
  }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
