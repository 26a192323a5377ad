// `mc` 1 `insurance.v1` as the engines see it: the programs and known answers that `pnpm gen` embeds, and the rooms of
// the three tables.
import type { KernelArtifact, KernelProgram } from '../artifact.ts'
import { ACCUMULATORS, encodeAccumulators } from './accumulators.ts'
import { kernelDigest } from './digest.gen.ts'
import { knownAnswers, wasm, wgsl } from './engines.gen.ts'
import { CONSTANTS } from './launch.ts'
import { reference } from './reference.ts'

/** A shard's counts are u32. */
const UNITS_MAX = 2 ** 30

const narrow: KernelProgram = {
  wasm,
  wasmSimd: null,
  wgsl,
  overrides: {},
  accumulators: ACCUMULATORS,
  listed: null,
  unitsMax: UNITS_MAX,
  encode: encodeAccumulators,
}

export const artifact: KernelArtifact = {
  name: 'mc/1/insurance.v1',
  kernelDigest,
  programs: { narrow },
  unitsPerWorkgroupMax: 16_384,
  tables: [
    { name: 'severity', words: 16_384, padding: 0 },
    // The greatest rate, 10,000, takes some 1,500 words; no drawn word exceeds the padding.
    { name: 'count', words: 4096, padding: 0xffffffff },
    { name: 'catastrophe', words: 16_384, padding: 0 },
  ],
  constants: CONSTANTS,
  reference,
  knownAnswers,
}
