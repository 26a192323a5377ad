// The second half of the thousands: world.slow.ts has the first.
import { expect, it } from 'vitest'
import { noSeeds, runSeeds, toldRun } from './seeds.ts'

it('another thousand simulated worlds keep every promise', { timeout: 600_000 }, () => {
  const run = noSeeds()
  runSeeds(run, 11_001, 1_000)
  console.log(toldRun(run))
  expect(run.violations, 'each line can be told with pnpm sim --seed and the seed that it names').toEqual([])
})
