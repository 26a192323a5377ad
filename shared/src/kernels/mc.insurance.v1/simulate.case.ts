// What tests of this kernel share: what an honest engine accumulates over given losses, and one job from args to figures, without
// server or agents: plan, tables, the WASM engine and the total of all shards, for tests that need millions of years.
// That the engine's bytes are the reference's is shown elsewhere.
import { createWasmEngine } from '../../agent/engines/wasm-engine.ts'
import { compileTable, tableKey } from '../../distributions/table.ts'
import { keyOfSeed } from '../../planner/contract.ts'
import { isRefusal, shardRange, type TableSpec } from '../kernel.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { artifact } from './artifact.ts'
import { kernel } from './kernel.ts'
import { BINS, binOf } from './histogram.ts'
import type { Total } from './output.ts'
import type { Accumulators } from './partial.ts'
import { plan, type InsurancePlan } from './plan.ts'
import type { Quantile } from './quantiles.ts'
import type { Truncation } from './truncation.ts'

/** The published figures, as a client reads them. */
export interface Loss {
  readonly mean: number
  readonly variance: number | null
  readonly std_dev: number | null
  readonly std_error: number | null
  readonly min: number
  readonly max: number
  readonly p_zero: number
  readonly p_at_aggregate_limit: number
  readonly claims: number
  readonly years: number
  readonly quantum: number
  readonly quantiles: readonly Quantile[]
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

export async function simulate(sent: object, rootSeed: string): Promise<Simulated> {
  const { args, plan: found } = planned(sent)
  const tables = Object.entries(found.tables).map(([name, spec]) => [name, compile(spec)] as const)
  const [pass] = found.passes
  if (pass === undefined) throw new Error('a plan has a pass')
  const launch = kernel.launch(found, pass, keyOfSeed(kernel.id, rootSeed), Object.fromEntries(tables))
  const loaded = await createWasmEngine([artifact]).load(artifact.name, launch)
  const ranges = Array.from({ length: found.grid.shards }, (_, shard) => shardRange(found.grid, shard))
  const total = kernel.empty()
  const partials: Uint8Array[] = []
  await loaded.run(ranges, (shard, partial) => {
    partials.push(partial)
    kernel.add(total, kernel.decode(partial, ranges[shard]?.units ?? 0, found, pass), 0)
  })
  loaded.close()
  const { loss } = kernel.output(total, args, found) as unknown as { loss: Loss }
  return { args, plan: found, total, partials, loss }
}

const NONE = 0xffffffff

/** Over years of these losses, in quanta, with as many claims each. */
export function accumulated(losses: readonly number[], aggregateLimit = NONE, claims = 3n): Accumulators {
  const histogram = new Uint32Array(BINS)
  for (const loss of losses) histogram[binOf(loss)] = (histogram[binOf(loss)] ?? 0) + 1
  const total = (f: (loss: bigint) => bigint): bigint => losses.reduce((sum, loss) => sum + f(BigInt(loss)), 0n)
  return {
    units: losses.length,
    sum: total((loss) => loss),
    sumSquares: total((loss) => loss * loss),
    claims: claims * BigInt(losses.length),
    zeroYears: losses.filter((loss) => loss === 0).length,
    yearsAtAggregateLimit: losses.filter((loss) => loss === aggregateLimit).length,
    least: losses.reduce((a, b) => Math.min(a, b), NONE),
    greatest: losses.reduce((a, b) => Math.max(a, b), 0),
    histogram,
  }
}
