// Runs before every test file: gives fast-check a seed, so that a red run can be had again and a green one is no luck.
// FC_SEED=random tries new cases, FC_SEED=<number> repeats those of a run.

import fc from 'fast-check'
import { inject } from 'vitest'

fc.configureGlobal({ seed: inject('fastCheckSeed') })
