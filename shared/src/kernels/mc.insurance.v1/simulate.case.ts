// What tests of this kernel share: what an honest engine accumulates over given losses, and one job from args to figures,
// without server or agents: plan, tables, the WASM engine and the total of all shards, for tests that need millions of
// years. That the engine's bytes are the reference's is shown elsewhere.
import { createWasmEngine } from '../../agent/engines/wasm-engine.ts'
import { compileTable, tableKey } from '../../distributions/table.ts'
import { planQuestion } from '../../verifier/audit.ts'
import { isRefusal, shardRange, type PassPlan, type TableSpec } from '../kernel.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { artifact } from './artifact.ts'
import type { ExceedancePoint } from './exceedance.ts'
import { binOf, binsOf } from './histogram.ts'
import { kernel } from './kernel.ts'
import type { Total } from './output.ts'
import type { Accumulators } from './partial.ts'
import { plan, type InsurancePlan } from './plan.ts'
import { NARROW, type Profile } from './profile.ts'
import type { ExactQuantile, QuantileInterval } from './quantiles.ts'
import type { Truncation } from './truncation.ts'

/** The published figures, as a client reads them. */
export interface Loss {
  readonly mean: number
  readonly variance: number | null
  readonly variance_std_error: number | null
  readonly std_dev: number | null
  readonly std_error: number | null
  readonly min: number
  readonly max: number
  readonly p_zero: number
  readonly p_at_aggregate_limit: number
  readonly claims: number
  readonly years: number
  readonly quantum: number
  /** Intervals, where `args.quantiles` asks for none. */
  readonly quantiles: readonly QuantileInterval[]
  readonly oep?: readonly ExceedancePoint[]
  readonly truncation?: readonly Truncation[]
}

export interface Simulated {
  readonly args: InsuranceArgs
  readonly plan: InsurancePlan
  readonly total: Total
  readonly partials: readonly Uint8Array[]
  readonly loss: Loss
}

const compiled = new Map<string, Uint32Array>()
function compile(spec: TableSpec): Uint32Array {
  const words = compiled.get(tableKey(spec)) ?? compileTable(spec).words
  compiled.set(tableKey(spec), words)
  return words
}

export function planned(sent: object): { args: InsuranceArgs; plan: InsurancePlan } {
  const args = argsSchema.parse(sent)
  const found = plan(args)
  if (isRefusal(found)) throw new Error(JSON.stringify(found.errors))
  return { args, plan: found }
}

/** Of a contract that asks for `quantiles`. */
export interface ExactLoss extends Omit<Loss, 'quantiles'> {
  readonly quantiles: readonly ExactQuantile[]
  readonly aep: readonly ExceedancePoint[]
}

export async function simulate(sent: object, rootSeed: string): Promise<Simulated> {
  const { args, plan: found } = planned(sent)
  const op = { name: 'mc', version: 1, profile: 'insurance.v1' }
  const question = planQuestion({ op, args: sent, rootSeed }, compile)
  const engine = createWasmEngine([artifact])
  const total = kernel.empty()
  const partials: Uint8Array[] = []
  const { grid, passes } = found
  for (let index = 0; index < grid.passes; index++) {
    const pass: PassPlan = passes[index] ?? kernel.refine(total, args, found)
    const loaded = await engine.load(artifact.name, question.launch(pass))
    const ranges = Array.from({ length: grid.shards }, (_, i) => shardRange(grid, index * grid.shards + i))
    await loaded.run(ranges, (shard, partial) => {
      partials.push(partial)
      kernel.add(total, kernel.decode(partial, ranges[shard % grid.shards]?.units ?? 0, found, pass), index)
    })
    loaded.close()
  }
  const { loss } = kernel.output(total, args, found) as unknown as { loss: Loss }
  return { args, plan: found, total, partials, loss }
}

/** Over years of these losses, in quanta, with as many claims each. */
export function accumulated(
  losses: readonly bigint[],
  aggregateLimit: bigint = NARROW.none,
  claims = 3n,
  profile: Profile = NARROW,
): Accumulators {
  const histogram = new Uint32Array(binsOf(profile))
  for (const loss of losses) {
    const bin = binOf(profile, loss)
    histogram[bin] = (histogram[bin] ?? 0) + 1
  }
  const total = (f: (loss: bigint) => bigint): bigint => losses.reduce((sum, loss) => sum + f(loss), 0n)
  return {
    units: losses.length,
    sum: total((loss) => loss),
    sumSquares: total((loss) => loss * loss),
    claims: claims * BigInt(losses.length),
    zeroYears: losses.filter((loss) => loss === 0n).length,
    yearsAtAggregateLimit: losses.filter((loss) => loss === aggregateLimit).length,
    least: losses.reduce((a, b) => (a < b ? a : b), profile.none),
    greatest: losses.reduce((a, b) => (a > b ? a : b), 0n),
    histogram,
  }
}
