// The cases of a kernel, the same for a seed on every machine: its vectors, shards at every edge, launches of any words,
// and random contracts with all their passes. Digests are the vectors' own or made by the reference, here in Node.
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { compileTable, tableKey } from '@forge/shared/distributions/table.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import type { KernelCase } from '@forge/shared/kernels/kernel.case.ts'
import {
  isRefusal,
  passOf,
  shardRange,
  type Kernel,
  type ShardRange,
  type TableSpec,
} from '@forge/shared/kernels/kernel.ts'
import { plannedCase, vectorsSchema, type VectorCase } from '@forge/shared/kernels/vectors.ts'
import { computeAll, planQuestion } from '@forge/shared/verifier/audit.ts'
import fc from 'fast-check'
import type { Case, Task } from './case.ts'

const LAUNCHES = 120
const CONTRACTS = 6
/** Years of a random contract: one odd shard a pass. */
const CONTRACT_YEARS = 1009

const compiled = new Map<string, Uint32Array>()
export function compileOnce(spec: TableSpec): Uint32Array {
  const words = compiled.get(tableKey(spec)) ?? compileTable(spec).words
  compiled.set(tableKey(spec), words)
  return words
}

export async function conformanceCases(kernelCase: KernelCase, seed: number): Promise<Case[]> {
  const contracts = await ofContracts(kernelCase, seed)
  return [...ofVectors(kernelCase), ...ofEdges(kernelCase), ...ofLaunches(kernelCase, seed), ...contracts]
}

/** The same launches over at most so many units each, for a place that is slow. */
export function shortened({ kernel }: KernelCase, cases: readonly Case[], unitsMax: number): Case[] {
  return cases.map(({ ranges, ...of }) => {
    let left = unitsMax
    const short = ranges.flatMap((range) => {
      const units = Math.min(range.units, left)
      left -= units
      return units === 0 ? [] : [{ ...range, units }]
    })
    return answered(kernel, of.name, { ...of, ranges: short })
  })
}

function ofVectors({ kernel, artifact, vectors }: KernelCase): Case[] {
  return vectorsSchema.parse(vectors).cases.map((vector) => ({
    name: `${artifact.name} ${vector.program}, vector "${vector.name}"`,
    kernel: artifact.name,
    launch: plannedCase(vector, kernel, compileOnce).launch,
    ranges: [{ shard: 7, firstUnit: BigInt(vector.first_unit), units: vector.units }],
    digests: [vector.partial.digest],
  }))
}

/** The first vector of every program over ranges at which batches, workgroups, slices, slots and carries end. */
function ofEdges({ kernel, artifact, vectors }: KernelCase): Case[] {
  const first = new Map<string, VectorCase>()
  for (const vector of vectorsSchema.parse(vectors).cases.toReversed()) first.set(vector.program, vector)
  return [...first].map(([program, vector]) =>
    answered(kernel, `${artifact.name} ${program}, edges`, {
      kernel: artifact.name,
      launch: plannedCase(vector, kernel, compileOnce).launch,
      ranges: edges(artifact.programs[program]?.unitsMax ?? 0),
    }),
  )
}

const LENGTHS = [1, 2, 3, 7, 31, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1023, 1025]

function edges(unitsMax: number): ShardRange[] {
  const wrap = 2n ** 32n
  const pieces = LENGTHS.flatMap((units) => [
    { firstUnit: 0n, units },
    { firstUnit: wrap - 1n, units },
    { firstUnit: wrap - BigInt(units), units },
    { firstUnit: wrap - BigInt(units >> 1), units },
    { firstUnit: 2n * wrap - 1n, units },
    { firstUnit: 10n ** 12n - BigInt(units), units },
  ])
  // More than the 2^16 units of one call into WASM, with the carry inside.
  const long = { firstUnit: wrap - 65_537n, units: 70_001 }
  return [...pieces, long]
    .filter(({ units }) => units <= unitsMax)
    .map((piece, shard) => Object.assign({ shard }, piece))
}

function ofLaunches({ kernel, artifact, launches }: KernelCase, seed: number): Case[] {
  const firstUnit = fc.oneof(fc.bigInt(0n, 10n ** 12n), fc.bigInt(2n ** 32n - 700n, 2n ** 32n))
  const range = fc.record({ shard: fc.nat(16_383), firstUnit, units: fc.integer({ min: 1, max: 700 }) })
  const drawn = fc.sample(fc.tuple(launches, fc.array(range, { minLength: 1, maxLength: 3 })), {
    seed,
    numRuns: LAUNCHES,
  })
  return drawn.map(([launch, ranges], i) =>
    answered(kernel, `${artifact.name} ${launch.program}, launch ${i} of seed ${seed}`, {
      kernel: artifact.name,
      launch,
      ranges,
    }),
  )
}

async function ofContracts({ kernel, artifact, args }: KernelCase, seed: number): Promise<Case[]> {
  const planned = args.filter((sent) => !isRefusal(kernel.plan(kernel.argsSchema.parse(sent))))
  const drawn = fc.sample(planned, { seed, numRuns: CONTRACTS })
  const reference = createReferenceEngine([artifact])
  const cases: Case[] = []
  for (const [i, sent] of drawn.entries()) {
    const { op: name, version, profile } = kernel.id
    const asked = { op: { name, version, profile }, args: { ...sent, iterations: CONTRACT_YEARS }, rootSeed: `${seed}` }
    const question = planQuestion(asked, compileOnce)
    const { passes, partials } = await computeAll(question, reference)
    const { grid } = question.plan
    for (const [index, pass] of passes.entries()) {
      const shards = [...partials.keys()].filter((shard) => passOf(grid, shard) === index)
      cases.push({
        name: `${artifact.name} ${pass.program}, pass ${index} of contract ${i} of seed ${seed}`,
        kernel: artifact.name,
        launch: question.launch(pass),
        ranges: shards.map((shard) => shardRange(grid, shard)),
        digests: shards.map((shard) => digest('partial.v1', partials[shard] ?? new Uint8Array())),
      })
    }
  }
  return cases
}

function answered(kernel: Kernel, name: string, task: Task): Case {
  const digests = task.ranges.map((range) => digest('partial.v1', kernel.reference(task.launch, range)))
  return { ...task, name, digests }
}
