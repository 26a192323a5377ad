// Vectors: a kernel's known answers, in vectors.json beside it. A person writes a case's contract and range, the
// reference fills in the rest (`tsx scripts/gen.ts --vectors`), and every engine must return the same bytes. The file's
// content is part of the kernel's digest, so an answer cannot change without a new kernel.
import { z } from 'zod'
import { digestSchema } from '../contract/ids.ts'
import { tableDigest } from '../distributions/table.ts'
import { digest, digestOfJson, type Digest } from '../exact/digest.ts'
import { keyOfSeed } from '../planner/contract.ts'
import type { KnownAnswer } from './artifact.ts'
import {
  isRefusal,
  type Kernel,
  type KernelId,
  type KernelPlan,
  type Launch,
  type PassPlan,
  type TableSpec,
} from './kernel.ts'

const scale = { fractionBits: z.int(), ceiling: z.string().nullable(), wide: z.boolean() }
const tableSpecSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lognormal-quantile.v2'), mu: z.number(), sigma: z.number(), ...scale }),
  z.strictObject({
    kind: z.literal('empirical-quantile.v1'),
    quantiles: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
    ...scale,
  }),
  z.strictObject({ kind: z.literal('poisson-threshold.v1'), rate: z.number() }),
])

const askedSchema = z.strictObject({
  name: z.string(),
  why: z.string(),
  /** An agent's engines must give this answer before they work. */
  known_answer: z.boolean(),
  args: z.record(z.string(), z.unknown()),
  /** Another pass than the plan's first: what a first pass would have led to. */
  pass: z.strictObject({ program: z.string(), facts: z.record(z.string(), z.unknown()) }).optional(),
  root_seed: z.string(),
  first_unit: z.string().regex(/^\d{1,16}$/),
  units: z.int().min(1),
})
const answeredSchema = askedSchema.extend({
  program: z.string(),
  constants: z.array(z.int()),
  tables: z.record(z.string(), z.strictObject({ spec: tableSpecSchema, digest: digestSchema })),
  partial: z.strictObject({
    digest: digestSchema,
    bytes: z.int(),
    /** The partial's numbers for the reader; sums in decimal. */
    reads: z.record(z.string(), z.union([z.number(), z.string()])),
  }),
})
const header = { generator: z.string(), partial_layout: z.int() }
export const vectorsSchema = z.strictObject({ ...header, cases: z.array(answeredSchema).min(1) })
const questionsSchema = z.strictObject({
  ...header,
  cases: z.array(askedSchema.loose().pipe(askedSchema.strip())).min(1),
})

export type Vectors = z.infer<typeof vectorsSchema>
export type VectorCase = Vectors['cases'][number]
type Compile = (spec: TableSpec) => Uint32Array

/** The same cases with the reference's answers. */
export function answered(file: unknown, kernel: Kernel, compile: Compile): Vectors {
  const { cases, ...rest } = questionsSchema.parse(file)
  return {
    ...rest,
    cases: cases.map((asked) => {
      const { plan, pass, launch } = plannedCase(asked, kernel, compile)
      const range = { shard: 0, firstUnit: BigInt(asked.first_unit), units: asked.units }
      const partial = kernel.reference(launch, range)
      const tables = Object.entries(plan.tables).map(
        ([name, spec]) => [name, { spec, digest: tableDigest(launch.tables[name] ?? new Uint32Array()) }] as const,
      )
      return {
        ...asked,
        program: launch.program,
        constants: [...launch.constants],
        tables: Object.fromEntries(tables),
        partial: {
          digest: digest('partial.v1', partial),
          bytes: partial.length,
          reads: scalars(kernel.decode(partial, asked.units, plan, pass)),
        },
      }
    }),
  }
}

type Asked = Pick<VectorCase, 'name' | 'args' | 'root_seed' | 'pass'>

export function plannedCase(
  asked: Asked,
  kernel: Kernel,
  compile: Compile,
): { plan: KernelPlan; pass: PassPlan; launch: Launch } {
  const plan = kernel.plan(kernel.argsSchema.parse({ iterations: 1_000_000, ...asked.args }))
  if (isRefusal(plan)) throw new Error(`the vector "${asked.name}" is refused: ${JSON.stringify(plan.errors)}`)
  const tables = Object.entries(plan.tables).map(([name, spec]) => [name, compile(spec)] as const)
  const pass = asked.pass ?? plan.passes[0]
  if (pass === undefined) throw new Error(`the vector "${asked.name}" has no pass`)
  const launch = kernel.launch(plan, pass, keyOfSeed(kernel.id, asked.root_seed), Object.fromEntries(tables))
  return { plan, pass, launch }
}

function scalars(shard: unknown): Record<string, number | string> {
  if (typeof shard !== 'object' || shard === null) return {}
  const told: [string, number | string][] = []
  for (const [name, value] of Object.entries(shard)) {
    if (typeof value === 'bigint') told.push([name, value.toString()])
    if (typeof value === 'number') told.push([name, value])
  }
  return Object.fromEntries(told)
}

/** What freezes a kernel: its id, generator, algorithms of tables, layout of partials, and every vector. */
export function kernelDigestOf({ op, version, profile }: KernelId, vectors: Vectors): Digest {
  const kinds = vectors.cases.flatMap(({ tables }) => Object.values(tables).map(({ spec }) => spec.kind))
  return digestOfJson('kernel.v1', {
    op,
    version,
    profile,
    generator: vectors.generator,
    tables: [...new Set(kinds)].toSorted(),
    partial_layout: vectors.partial_layout,
    vectors: digestOfJson('artifact.v1', vectors),
  })
}

export function knownAnswersOf(vectors: Vectors): KnownAnswer[] {
  return vectors.cases
    .filter(({ known_answer: known }) => known)
    .map(({ program, constants, tables, first_unit: firstUnit, units, partial }) => ({
      program,
      constants,
      tables,
      firstUnit,
      units,
      digest: partial.digest,
    }))
}
