// Each guard of the core is removed, and the simulator finds it: with the seed that docs/reliability.md names, or, where the
// core has changed since, with another.
import { expect, it } from 'vitest'
import { catchWithout, recordedSeeds } from './guards-report.ts'
import { GUARDS } from './guards.ts'

const seeds = recordedSeeds()

it.each(GUARDS)('without "$name" a seed fails', { timeout: 300_000 }, async (guard) => {
  expect(seeds.has(guard.name), 'run pnpm sim --guards all --write').toBe(true)
  expect(await catchWithout(guard, seeds)).not.toBeNull()
})
