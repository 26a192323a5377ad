// `mc` 1 `insurance.v1` as the engines see it: the programs and known answers that `pnpm gen` embeds, and the rooms of
// the three tables.
import type { KernelArtifact, KernelProgram } from '../artifact.ts'
import {
  accumulatorsOf,
  encodeNarrow,
  encodeTailWords,
  encodeWide,
  LISTED_AT,
  TAIL_ACCUMULATORS,
} from './accumulators.ts'
import { kernelDigest } from './digest.gen.ts'
import {
  knownAnswers,
  wasmNarrow,
  wasmNarrowSimd,
  wasmNarrowTail,
  wasmNarrowTailSimd,
  wasmWide,
  wasmWideTail,
  wgslNarrow,
  wgslNarrowTail,
  wgslWide,
  wgslWideTail,
} from './engines.gen.ts'
import { EXTREMES_WORDS, withExtremes } from './extremes.ts'
import { CONSTANT, CONSTANTS } from './launch.ts'
import { NARROW, WIDE, type Profile } from './profile.ts'
import { reference } from './reference.ts'
import { TAIL_UNITS_MAX } from './tail.ts'

/** A shard's counts are u32. */
const UNITS_MAX = 2 ** 30

type Texts = Pick<KernelProgram, 'wasm' | 'wasmSimd' | 'wgsl' | 'overrides'>

const totals = (profile: Profile, texts: Texts): KernelProgram => ({
  ...texts,
  accumulators: accumulatorsOf(profile) + (profile === WIDE ? EXTREMES_WORDS : 0),
  listed: null,
  unitsMax: UNITS_MAX,
  encode: profile === WIDE ? (words, units) => encodeWide(withExtremes(words), units) : encodeNarrow,
})

const tail = (profile: Profile, texts: Texts): KernelProgram => ({
  ...texts,
  accumulators: TAIL_ACCUMULATORS,
  listed: { wordsPerUnit: profile.lossBytes / 4, countAt: LISTED_AT },
  unitsMax: TAIL_UNITS_MAX,
  encode: (words, units, listed, { constants }) =>
    encodeTailWords(profile, words, units, listed, constants[CONSTANT.selected] ?? 0),
})

export const artifact: KernelArtifact = {
  name: 'mc/1/insurance.v1',
  kernelDigest,
  programs: {
    narrow: totals(NARROW, { wasm: wasmNarrow, wasmSimd: wasmNarrowSimd, wgsl: wgslNarrow, overrides: {} }),
    'narrow.tail': tail(NARROW, {
      wasm: wasmNarrowTail,
      wasmSimd: wasmNarrowTailSimd,
      wgsl: wgslNarrowTail,
      overrides: {},
    }),
    wide: totals(WIDE, { wasm: wasmWide, wasmSimd: null, wgsl: wgslWide, overrides: {} }),
    'wide.tail': tail(WIDE, { wasm: wasmWideTail, wasmSimd: null, wgsl: wgslWideTail, overrides: {} }),
  },
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
