// `mc` 1 `insurance.v1`, put together for planner, engines, hub and reducer. README.md is the definition.
import type { Kernel, Launch } from '../kernel.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { kernelDigest } from './digest.gen.ts'
import { CONSTANT, CONSTANTS } from './launch.ts'
import { addShard, emptyTotal, output, type Total } from './output.ts'
import { decodePartial, PARTIAL_BYTES_MAX, type ShardPartial } from './partial.ts'
import { plan, type InsurancePlan } from './plan.ts'
import { reference } from './reference.ts'

export const kernel: Kernel<InsuranceArgs, ShardPartial, Total, InsurancePlan> = {
  id: { op: 'mc', version: 1, profile: 'insurance.v1' },
  aliases: ['insurance.loss.v1'],
  digest: kernelDigest,
  argsSchema,
  partialBytesMax: PARTIAL_BYTES_MAX,
  plan,
  launch({ facts }, [key0, key1], tables): Launch {
    const constants = new Uint32Array(CONSTANTS)
    const named: Record<keyof typeof CONSTANT, number> = { ...facts, key0, key1 }
    for (const [name, index] of Object.entries(CONSTANT)) constants[index] = named[name as keyof typeof CONSTANT]
    return { constants, tables }
  },
  reference,
  decode: (bytes, units, { facts }) => decodePartial(bytes, units, facts),
  empty: emptyTotal,
  add: addShard,
  output,
}
