// A kernel that computes nothing, in the place of the real one and under its name, because the price list knows no other:
// what is left of a job is dispatch. The server that is measured gets this file for its registry and its artifacts
// (no-op-kernel.start.mjs); the agents take their answers from here.
import { z } from 'zod'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { rational } from '@forge/shared/exact/rational.ts'
import type { KernelArtifact } from '@forge/shared/kernels/artifact.ts'
import { PartialError, type Kernel } from '@forge/shared/kernels/kernel.ts'
import { partialDigest } from '@forge/shared/reducer/reduce.ts'

/** As many as the largest job of one pass has. */
export const SHARDS_PER_JOB = 16_384
/** Of a partial: a digest's worth. A real one has 1 to 3 kB, whose decoding and storing are not measured here. */
const PARTIAL_BYTES = 32
export const KERNEL_NAME = 'mc/1/insurance.v1'
export const KERNEL_DIGEST = digest('kernel.v1', utf8('no-op'))

const partialOf = (shard: number): Uint8Array => new Uint8Array(PARTIAL_BYTES).fill(shard % 256)

/** What an agent says of each shard, computed before anything is measured. */
export const answers = (): { readonly partial: Uint8Array; readonly digest: ReturnType<typeof partialDigest> }[] =>
  Array.from({ length: SHARDS_PER_JOB }, (_, shard) => {
    const partial = partialOf(shard)
    return { partial, digest: partialDigest(partial) }
  })

const argsSchema = z.strictObject({ shards: z.int().min(1).max(SHARDS_PER_JOB) })

interface Total {
  shards: number
}

const kernel = {
  id: { op: 'mc', version: 1, profile: 'insurance.v1' },
  aliases: [],
  digest: KERNEL_DIGEST,
  argsSchema,
  outputSchema: z.record(z.string(), z.unknown()),
  partialBytesMax: PARTIAL_BYTES,
  plan: ({ shards }) => ({
    grid: { units: BigInt(shards), unitsPerShard: 1, shards, passes: 1 },
    drawsPerUnit: rational(1n),
    tables: {},
    passes: [{ program: 'no-op', facts: {} }],
    refines: false,
    facts: {},
  }),
  launch: (_plan, { program }, _key, tables) => ({ program, constants: new Uint32Array(), tables }),
  reference: (_launch, { shard }) => partialOf(shard),
  decode: ({ length }) => {
    if (length !== PARTIAL_BYTES) throw new PartialError(`${length} bytes instead of ${PARTIAL_BYTES}`)
    return 1
  },
  empty: () => ({ shards: 0 }),
  add: (total, one) => void (total.shards += one),
  refine: () => ({ program: 'no-op', facts: {} }),
  witness: () => [],
  output: ({ shards }) => ({ shards }),
} satisfies Kernel<z.infer<typeof argsSchema>, number, Total>

export const kernelName = (): string => KERNEL_NAME
export const kernels = new Map([[KERNEL_NAME, kernel]])
export const artifacts: readonly KernelArtifact[] = [
  {
    name: KERNEL_NAME,
    kernelDigest: KERNEL_DIGEST,
    programs: {},
    unitsPerWorkgroupMax: 1,
    tables: [],
    constants: 0,
    reference: kernel.reference,
    knownAnswers: [],
  },
]
