// The jobs of the rough stories: many small ones of every kind, each a draw from the dice, so that whatever breaks meets
// every verification mode, one pass and several, one agent and many.
import type { Dice } from './dice.ts'
import { smallContract, type Contract } from './contract.ts'
import { expectedOf, type Expected } from './expected.ts'

export interface RoughOptions {
  /** Half a second of one agent's time, unless a story needs its jobs to last. */
  readonly yearsMax?: number
  /** Sessions that a job may ask to wait for. */
  readonly agents: number
  readonly modes?: readonly ('none' | 'spotcheck' | 'full')[]
  readonly rates?: readonly number[]
}

/** `name` keeps the clients' own ids of one story apart from another's. */
export function roughJobs(dice: Dice, name: string, count: number, options: RoughOptions): Contract[] {
  const { yearsMax = 6_000_000, agents, modes = ['none', 'spotcheck', 'full'], rates = [0.1, 0.5, 1] } = options
  return Array.from({ length: count }, (_, n) => {
    // Dealt in turn and not drawn: no seed leaves one of them out.
    const verify = modes[n % modes.length] ?? 'full'
    const rate = dice.pick(rates)
    return smallContract({
      ctx: { job_id: `${name}-${n}` },
      seed: `${name}-${dice.int(0, 1e9)}`,
      policy: {
        verify,
        // Any other mode would ignore it, so it is refused.
        ...(verify === 'spotcheck' ? { spotcheck_rate: rate } : {}),
        min_agents: dice.int(1, agents),
        max_agents: dice.pick([agents, 50]),
      },
      args: {
        // Shards of 2^16 to 2^18 years.
        claim_freq: dice.pick([0.5, 2, 5]),
        iterations: dice.int(100_000, yearsMax),
        ...(n % 2 === 0 ? {} : { quantiles: dice.pick([true, [0.9, 0.995]]) }),
        ...(dice.chance(0.2) ? { oep: true } : {}),
      },
    })
  })
}

/** The reference itself where that takes a second, the WASM kernel beyond. */
export const roughlyExpected = (contract: Contract): Promise<Expected> =>
  expectedOf(contract, contract.args.iterations <= REFERENCE_YEARS_MAX ? 'reference' : 'wasm')

const REFERENCE_YEARS_MAX = 300_000
