// The Hub's core in two thousand simulated worlds, other ones than the quick test's.
import { expect, it } from 'vitest'
import { noSeeds, runSeed, toldRun } from './seeds.ts'

const SEEDS = 2_000
const FROM = 10_001

it(`${SEEDS} simulated worlds keep every promise`, { timeout: 600_000 }, () => {
  const run = noSeeds()
  for (let seed = FROM; seed < FROM + SEEDS; seed++) runSeed(run, seed)
  console.log(toldRun(run))
  expect(run.violations, 'each line can be told with pnpm sim --seed and the seed that it names').toEqual([])
})
