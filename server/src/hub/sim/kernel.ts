// The tiny kernel of the simulated world, as the real planner and the real reducer see one: whole numbers of every unit and
// pass, added up. A last pass that follows from others weighs the units anew by what the others came to, and says again
// what the first pass said of them, so that an answer of one can contradict the other.
import { z } from 'zod'
import { bytesToWords, utf8, wordsToBytes } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { rational } from '@forge/shared/exact/rational.ts'
import { shardGrid } from '@forge/shared/kernels/grid.ts'
import {
  PartialError,
  type Kernel,
  type KernelPlan,
  type Launch,
  type ShardRange,
} from '@forge/shared/kernels/kernel.ts'

export const KERNEL = 'sim/1/tiny'
export const KERNEL_DIGEST = digest('kernel.v1', utf8(KERNEL))
export const OLD_KERNEL_DIGEST = digest('kernel.v1', utf8(`${KERNEL}, as it was`))
/** What the planner makes of the kernel's draws: small enough to compute a few hundred thousand of them a minute. */
export const UNITS_PER_SHARD = 128
const DRAWS_PER_UNIT = rational(2n ** 18n, BigInt(UNITS_PER_SHARD))
const VALUE_MAX = 0xffff

const argsSchema = z.strictObject({ units: z.int().min(1), passes: z.int().min(1), refines: z.boolean() })
export type SimArgs = z.infer<typeof argsSchema>

export interface SimPlan extends KernelPlan {
  readonly passes: readonly SimPass[]
}

interface SimPass {
  readonly program: string
  readonly facts: { readonly pass: number } | { readonly salt: number }
}

/** `weight` is 0 but in a last pass that follows from others. */
interface Shard {
  readonly sum: number
  readonly weight: number
}

interface Total {
  readonly sums: number[]
  weight: number
}

/** What a unit is worth in a pass; of the last pass `key` has the salt in it. */
export const valueOf = (key: number, pass: number, unit: number): number =>
  Math.imul(Math.imul(unit + 1, 0x9e3779b1) ^ (key + pass), 0x85ebca6b) >>> 16

/** What the last pass depends on: every planned pass's sum. */
export const saltOf = (sums: readonly number[]): number =>
  sums.reduce((salt, sum) => (Math.imul(salt, 31) + sum) >>> 0, 7)

export const encode = ({ sum, weight }: Shard): Uint8Array => wordsToBytes(Uint32Array.of(sum, weight))

export const wordsOf = (bytes: Uint8Array): Shard => {
  const [sum = NaN, weight = NaN, ...more] = bytesToWords(bytes)
  if (Number.isNaN(weight) || more.length > 0) throw new PartialError(`${bytes.length} bytes are no partial`)
  return { sum, weight }
}

function reference({ program, constants }: Launch, { firstUnit, units }: ShardRange): Uint8Array {
  const [key = 0, pass = 0, salt = 0] = constants
  let [sum, weight] = [0, 0]
  for (let unit = Number(firstUnit); unit < Number(firstUnit) + units; unit++) {
    sum += valueOf(key, pass, unit)
    if (program === 'weigh') weight += valueOf(key ^ salt, pass, unit)
  }
  return encode({ sum, weight })
}

export const simKernel = {
  id: { op: 'sim', version: 1, profile: 'tiny' },
  aliases: [],
  digest: KERNEL_DIGEST,
  argsSchema,
  outputSchema: z.strictObject({ sums: z.array(z.int()), weight: z.int() }),
  partialBytesMax: 8,
  plan: ({ units, passes, refines }): SimPlan => ({
    grid: shardGrid(BigInt(units), DRAWS_PER_UNIT, passes),
    drawsPerUnit: DRAWS_PER_UNIT,
    tables: {},
    passes: Array.from({ length: refines ? passes - 1 : passes }, (_, pass) => ({ program: 'add', facts: { pass } })),
    refines,
    facts: {},
  }),
  launch: (_, { program, facts }, [key], tables) => {
    const [pass, salt] = ['pass', 'salt'].map((name) =>
      Number(Object.entries(facts).find(([own]) => own === name)?.[1] ?? 0),
    )
    return { program, constants: Uint32Array.of(key, pass ?? 0, salt ?? 0), tables }
  },
  reference,
  decode: (bytes, units, _, { program }, witness): Shard => {
    const { sum, weight } = wordsOf(bytes)
    if (sum > units * VALUE_MAX) throw new PartialError(`${units} units are not worth ${sum}`)
    if (weight > (program === 'weigh' ? units * VALUE_MAX : 0))
      throw new PartialError(`${units} units do not weigh ${weight}`)
    if (witness !== undefined && BigInt(sum) !== witness[0]) {
      throw new PartialError(`the sum is ${sum}, the first pass had ${witness[0]}`)
    }
    return { sum, weight }
  },
  empty: (): Total => ({ sums: [], weight: 0 }),
  add: (total: Total, { sum, weight }: Shard, pass: number) => {
    total.sums[pass] = (total.sums[pass] ?? 0) + sum
    total.weight += weight
  },
  refine: ({ sums }: Total) => ({ program: 'weigh', facts: { salt: saltOf(sums) } }),
  witness: ({ sum }: Shard) => [BigInt(sum)],
  output: ({ sums, weight }: Total) => ({ sums: [...sums], weight }),
} satisfies Kernel<SimArgs, Shard, Total, SimPlan>
