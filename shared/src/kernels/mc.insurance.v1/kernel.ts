// `mc` 1 `insurance.v1`, put together for planner, engines, hub and reducer. README.md is the definition.
import type { Kernel, Launch } from '../kernel.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { kernelDigest } from './digest.gen.ts'
import { CONSTANT, CONSTANTS } from './launch.ts'
import { addShard, emptyTotal, output, type Total } from './output.ts'
import { decodePartial, PARTIAL_BYTES_MAX, type ShardPartial } from './partial.ts'
import { plan, type InsuranceFacts, type InsurancePlan } from './plan.ts'
import { reference } from './reference.ts'

export const kernel: Kernel<InsuranceArgs, ShardPartial, Total, InsurancePlan> = {
  id: { op: 'mc', version: 1, profile: 'insurance.v1' },
  aliases: ['insurance.loss.v1'],
  digest: kernelDigest,
  argsSchema,
  partialBytesMax: PARTIAL_BYTES_MAX,
  plan,
  launch: ({ facts }, { program }, key, tables): Launch => ({ program, constants: constantsOf(facts, key), tables }),
  reference,
  decode: (bytes, units, { facts }) => decodePartial(bytes, units, facts),
  empty: emptyTotal,
  add: addShard,
  refine: () => {
    throw new Error('no plan of this kernel refines')
  },
  witness: () => [],
  output,
}

function constantsOf(facts: InsuranceFacts, [key0, key1]: readonly [number, number]): Uint32Array {
  const constants = new Uint32Array(CONSTANTS)
  const named = { ...facts, key0, key1, greatestEvent: 0, selected: 0 }
  for (const [name, value] of Object.entries(named)) {
    if (name in CONSTANT) constants[CONSTANT[name as keyof typeof CONSTANT]] = Number(value)
  }
  constants.fill(0xffffffff, CONSTANT.selectedBins)
  return constants
}
