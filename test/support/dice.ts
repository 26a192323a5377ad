// The chance of the rough stories: drawn from the run's seed and a name, so that a red run can be had again, and so that
// what one hand draws does not depend on how often another one has drawn before it.
import { Random } from '@forge/server/hub/sim/random.ts'
import { inject } from 'vitest'

export type Dice = Random

/** `FC_SEED` chooses the seed of a run, as for all tests; test/seed.ts prints it. */
export const diceOf = (name: string): Dice => new Random(inject('fastCheckSeed') ^ hashOf(name))

/** FNV-1a: names that differ in one letter get seeds that differ everywhere. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  return hash
}
