// Runs before every test file: gives fast-check a seed, so that a red run can be had again and a green one is no luck.
// FC_SEED=random tries new cases, FC_SEED=<number> repeats those of a run. And after it: the next file may run in the same
// process, and finds real timers, whole objects and its own globals there.

import fc from 'fast-check'
import { afterAll, inject, vi } from 'vitest'

fc.configureGlobal({ seed: inject('fastCheckSeed') })

afterAll(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
})
