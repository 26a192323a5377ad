// The kernel's truth: one year at a time, in the order of README.md, with u32 words and BigInt sums. It is slow and
// plain on purpose; kernel.as.ts and kernel.wgsl must return its bytes.
import { countFromTable } from '../../distributions/poisson-threshold.ts'
import { needsRefinement, quantileFromTable } from '../../distributions/lognormal-quantile.ts'
import { philox4x32 } from '../../exact/philox.ts'
import type { Launch, ShardRange } from '../kernel.ts'
import { BINS, binOf } from './histogram.ts'
import { CONSTANT, DOMAIN, readTables } from './launch.ts'
import { encodePartial } from './partial.ts'

export function reference(launch: Launch, range: ShardRange): Uint8Array {
  const year = yearOf(launch)
  const aggregateLimit = launch.constants[CONSTANT.aggregateLimit] ?? 0
  const histogram = new Uint32Array(BINS)
  let sum = 0n
  let sumSquares = 0n
  let claims = 0n
  let zeroYears = 0
  let yearsAtAggregateLimit = 0
  let least = 0xffffffff
  let greatest = 0
  for (let i = 0; i < range.units; i++) {
    const { loss, count } = year(range.firstUnit + BigInt(i))
    sum += BigInt(loss)
    sumSquares += BigInt(loss) * BigInt(loss)
    claims += BigInt(count)
    if (loss === 0) zeroYears++
    // No loss reaches 2^32 - 1, so "no limit" counts nothing.
    if (loss === aggregateLimit) yearsAtAggregateLimit++
    least = Math.min(least, loss)
    greatest = Math.max(greatest, loss)
    const bin = binOf(loss)
    histogram[bin] = (histogram[bin] ?? 0) + 1
  }
  return encodePartial({
    units: range.units,
    sum,
    sumSquares,
    claims,
    zeroYears,
    yearsAtAggregateLimit,
    least,
    greatest,
    histogram,
  })
}

/** The loss of a year and its number of claims, by the year's index alone. */
function yearOf(launch: Launch): (unit: bigint) => { loss: number; count: number } {
  const { severity, catastrophe, count: countTable } = readTables(launch)
  const constant = (index: number): number => launch.constants[index] ?? 0
  const key0 = constant(CONSTANT.key0)
  const key1 = constant(CONSTANT.key1)
  const deductible = constant(CONSTANT.deductible)
  const policyLimit = constant(CONSTANT.policyLimit)
  const catLimit = constant(CONSTANT.catLimit)
  const aggregateDeductible = constant(CONSTANT.aggregateDeductible)
  const aggregateLimit = constant(CONSTANT.aggregateLimit)
  const sumCap = constant(CONSTANT.sumCap)
  const catPossible = constant(CONSTANT.catPossible) === 1
  const catHigh = constant(CONSTANT.catHigh)
  const catLow = constant(CONSTANT.catLow)
  const words = new Uint32Array(4)
  const draw = (unit: bigint, block: number, domain: number, word: number): number => {
    philox4x32(words, Number(unit & 0xffffffffn), Number(unit >> 32n), block, domain, key0, key1)
    return words[word] ?? 0
  }

  return (unit) => {
    const count = countFromTable(countTable, draw(unit, 0, DOMAIN.claim, 0))
    let sum = 0
    for (let i = 0; i < count; i++) {
      const word =
        i < 2 ? draw(unit, 0, DOMAIN.claim, 2 + i) : draw(unit, 1 + ((i - 2) >> 2), DOMAIN.claim, (i - 2) & 3)
      const refinement = needsRefinement(word) ? draw(unit, i >> 2, DOMAIN.refine, i & 3) : 0
      const claim = quantileFromTable(severity, word, refinement)
      const payment = claim > deductible ? Math.min(claim - deductible, policyLimit) : 0
      sum = Math.min(sum + payment, sumCap)
    }
    if (catPossible) {
      const high = draw(unit, 0, DOMAIN.claim, 1)
      const low = draw(unit, 0, DOMAIN.catastrophe, 0)
      if (high < catHigh || (high === catHigh && low <= catLow)) {
        const word = draw(unit, 0, DOMAIN.catastrophe, 1)
        const refinement = draw(unit, 0, DOMAIN.catastrophe, 2)
        sum = Math.min(sum + Math.min(quantileFromTable(catastrophe, word, refinement), catLimit), sumCap)
      }
    }
    return { loss: sum > aggregateDeductible ? Math.min(sum - aggregateDeductible, aggregateLimit) : 0, count }
  }
}
