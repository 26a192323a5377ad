// What all contenders simulate: the founding request with every part of the model on, as the client states it for those
// that compute in doubles, and as our planner turns it into integers for those that must return our accumulators.
import type { LoadedKernel } from '@forge/shared/agent/engines/engine.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { compileTable } from '@forge/shared/distributions/table.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { isRefusal, type Launch } from '@forge/shared/kernels/kernel.ts'
import { kernel } from '@forge/shared/kernels/mc.insurance.v1/kernel.ts'
import { keyOfSeed } from '@forge/shared/planner/contract.ts'
import type { Work } from './answer.ts'
import { workOf } from './partial.ts'

/** All of the model by name; what the founding request leaves out has the kernel's defaults. */
export const FOUNDING = {
  claim_freq: 2,
  claim_severity_mu: 6,
  claim_severity_sig: 1,
  cat_prob: 0.02,
  cat_mu: 10,
  cat_sig: 1.5,
  policy_limit: 50_000,
  cat_limit: 50_000,
  deductible: 0,
  aggregate_deductible: 0,
  aggregate_limit: 250_000,
} as const
const KERNEL = 'mc/1/insurance.v1'
const ITERATIONS = 10_000_000
/** What integer.c keeps room for, as the WASM does. */
const ROWS_WORDS = 16_384
const COUNT_WORDS = 4096
const NO_WORD_EXCEEDS = 0xffffffff

export interface Model {
  readonly launch: Launch
  readonly unitsPerShard: number
  /** Quanta in a unit of money. */
  readonly scale: number
}

type FoundingPlan = Parameters<typeof kernel.launch>[0]
type Tables = Readonly<Record<string, Uint32Array>>

/** The model, and the file that integer.c reads: u32 words in the order of its `in`. */
export function foundingModel(): { model: Model; integers: Uint32Array } {
  const plan = kernel.plan(kernel.argsSchema.parse({ iterations: ITERATIONS, ...FOUNDING }))
  if (isRefusal(plan)) throw new Error('the founding request cannot be planned')
  const key = keyOfSeed(kernel.id, 'bench')
  const tables: Tables = Object.fromEntries(
    Object.entries(plan.tables).map(([name, spec]) => [name, compileTable(spec).words] as const),
  )
  const launch = kernel.launch(plan, firstPass(plan), key, tables)
  return {
    model: { launch, unitsPerShard: plan.grid.unitsPerShard, scale: 2 ** plan.facts.fractionBits },
    integers: integersOf(plan, key, tables),
  }
}

function integersOf({ facts }: FoundingPlan, key: readonly [number, number], tables: Tables): Uint32Array {
  const amounts = [
    facts.deductible,
    facts.policyLimit,
    facts.catLimit,
    facts.aggregateDeductible,
    facts.aggregateLimit,
    facts.sumCap,
  ].map(Number)
  if (amounts.some((amount) => amount > NO_WORD_EXCEEDS)) throw new Error('integer.c has amounts of 32 bits')
  const padded = (name: string, length: number, padding: number): Uint32Array => {
    const room = new Uint32Array(length).fill(padding)
    room.set(tables[name] ?? [])
    return room
  }
  return new Uint32Array([
    ...key,
    ...amounts,
    facts.catPossible,
    facts.catHigh,
    facts.catLow,
    0,
    ...padded('severity', ROWS_WORDS, 0),
    ...padded('catastrophe', ROWS_WORDS, 0),
    ...padded('count', COUNT_WORDS, NO_WORD_EXCEEDS),
  ])
}

/** The one of the years' losses; others would run over the same years again. */
function firstPass(plan: FoundingPlan): FoundingPlan['passes'][number] {
  const [pass] = plan.passes
  if (pass === undefined) throw new Error('a plan has a pass')
  return pass
}

/** Our engine as it ships; without SIMD when asked. */
export const wasmEngine = ({ launch }: Model, simd: boolean): Promise<LoadedKernel> =>
  createWasmEngine(artifacts, { simd }).load(KERNEL, launch)

/** Whether that makes a difference. */
export const hasSimd = ({ launch }: Model): boolean =>
  artifacts.some(({ name, programs }) => name === KERNEL && programs[launch.program]?.wasmSimd !== null)

/** By the kernel's definition itself, slowly. */
export const referenceWork = (firstUnit: bigint, units: number, { launch }: Model): Work =>
  workOf(kernel.reference(launch, { shard: 0, firstUnit, units }))
