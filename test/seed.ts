// Chooses fast-check's seed once for a run, before any worker starts, and prints it.
// The default is fixed: the same commit tries the same cases everywhere, and whoever wants new ones asks for them.

import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    fastCheckSeed: number
  }
}

const DEFAULT_SEED = 20_260_101

let printed = false

export default function chooseSeed(project: TestProject): void {
  const asked = process.env['FC_SEED']
  const seed = asked === 'random' ? RANDOM_SEED : Number(asked ?? DEFAULT_SEED)
  if (!Number.isInteger(seed)) throw new Error(`FC_SEED is "random" or a whole number, not ${asked}`)
  project.provide('fastCheckSeed', seed)
  if (!printed) console.log(`fast-check seed ${seed} (FC_SEED=${seed} repeats it, FC_SEED=random tries others)`)
  printed = true
}

const RANDOM_SEED = Math.floor(Math.random() * 2 ** 31)
