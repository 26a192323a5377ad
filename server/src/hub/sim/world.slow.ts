// The Hub's core in a thousand simulated worlds, other ones than the quick test's; world-more.slow.ts has as many again, so
// that two cores share them.
import { expect, it } from 'vitest'
import { noSeeds, runSeeds, toldRun } from './seeds.ts'

it('a thousand simulated worlds keep every promise', { timeout: 600_000 }, () => {
  const run = noSeeds()
  runSeeds(run, 10_001, 1_000)
  console.log(toldRun(run))
  expect(run.violations, 'each line can be told with pnpm sim --seed and the seed that it names').toEqual([])
})
