// Every figure of the output at 10^8 years against the oracle, for contracts that cover limits, deductibles, atoms, rare and
// frequent claims, light and heavy tails, small and large money and both profiles: some minutes. Seeds are fixed, so a red
// run is a change, in the kernel or in the oracle; how near the oracle itself is to the truth is one of the tests.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { argsSchema } from './args.ts'
import {
  isOutside,
  judgeCounts,
  judgeCurves,
  judgeExtremes,
  judgeIdentities,
  judgeLimited,
  judgeMean,
  judgeOracle,
  judgeRanks,
  judgeTails,
  judgeVariance,
  type Judged,
} from './oracle-judge.case.ts'
import { lawOf, type LossLaw } from './oracle-law.case.ts'
import { oracleSets } from './oracle-sets.case.ts'
import { openThreads, type SimulatedAside, type Threads } from './oracle-threads.case.ts'

/** Of the finest grid that a figure is judged by; the oracle's own error is what half of them would change. */
const POINTS = 2 ** 16
const OF_RANKS = [
  ['identities within the output', judgeIdentities],
  ['mean', judgeMean],
  ['claims and shares of years', judgeCounts],
  ['least and greatest loss', judgeExtremes],
  ['VaR and its interval, by rank', judgeRanks],
  ['mean below VaR', judgeLimited],
  ['exceedance curves', judgeCurves],
] as const
/** They need a fourth moment of the law that the sample has seen. */
const OF_MOMENTS = [
  ['variance and standard errors', judgeVariance],
  ['TVaR and its standard error', judgeTails],
] as const
/** All contracts are simulated before the last one is judged: ten minutes where many share two cores. */
const PATIENCE_MS = 1_800_000
/** The grids of all scales are made by whoever asks first: seconds. */
const timeout = 300_000

let threads: Threads
const simulated = new Map<string, Promise<SimulatedAside>>()
beforeAll(() => {
  threads = openThreads(2)
  for (const { name, args } of oracleSets) {
    const result = threads.simulate({ args, rootSeed: `oracle, ${name}` })
    // Whoever awaits it hears of a failure; until then it is no unhandled one.
    result.catch(() => {})
    simulated.set(name, result)
  }
})
afterAll(() => threads.close())

describe.each(oracleSets)('$name', ({ name, args: sent, unit, profile, heavy = false }) => {
  let judged: Judged
  let coarse: LossLaw
  let found: SimulatedAside | undefined
  beforeAll(async () => {
    const args = argsSchema.parse(sent)
    found = await simulated.get(name)
    if (found === undefined) throw new Error('every set is simulated')
    judged = { args, loss: found.loss, law: lawOf(args, unit, POINTS), wide: profile === 'wide' }
    coarse = lawOf(args, unit, POINTS / 2)
  }, PATIENCE_MS)

  it('runs in the profile that it is there for, and tells of a truncated tail only where there is one', () => {
    expect(found?.profile).toBe(profile)
    expect(judged.loss.truncation !== undefined).toBe(heavy)
  })

  it.each(heavy ? OF_RANKS : [...OF_RANKS, ...OF_MOMENTS])('%s', { timeout }, (_, judge) => {
    expect(judge(judged).filter(isOutside)).toEqual([])
  })

  it('is judged by an oracle whose own error is a twentieth of a standard error at most', { timeout }, () => {
    expect(judgeOracle(judged, coarse).filter(isOutside)).toEqual([])
  })
})
