// The four programs of the insurance kernel on Dawn, word against word with the reference: launches that no contract
// would give, so that sums wrap, limbs carry, shifts go round and every place of the selected bins is met.
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { createWebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import { compilePoissonThreshold } from '@forge/shared/distributions/poisson-threshold.ts'
import { philox4x32 } from '@forge/shared/exact/philox.ts'
import type { Launch, ShardRange } from '@forge/shared/kernels/kernel.ts'
import { artifact } from '@forge/shared/kernels/mc.insurance.v1/artifact.ts'
import { binOf, binsOf } from '@forge/shared/kernels/mc.insurance.v1/histogram.ts'
import { CONSTANT, CONSTANTS, SELECTED_MAX } from '@forge/shared/kernels/mc.insurance.v1/launch.ts'
import { NARROW, WIDE, type Profile } from '@forge/shared/kernels/mc.insurance.v1/profile.ts'
import { reference } from '@forge/shared/kernels/mc.insurance.v1/reference.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dawnGpu } from './dawn.ts'

const why: string[] = []
const gpu = await dawnGpu((line) => why.push(line))

const u32 = fc.integer({ min: 0, max: 0xffffffff })
/** Words at which comparisons, shifts and carries turn. */
const edge = fc.constantFrom(0, 1, 63, 64, 127, 128, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)
const word = fc.oneof(u32, edge)
const small = fc.nat(1000)

const RUNS = process.env['FORGE_TEST_ALL'] === '1' ? 50 : 6

/** Two words, the low one first; a narrow amount's high word is 0. */
const amount = (profile: Profile, low: fc.Arbitrary<number>, high: fc.Arbitrary<number>) =>
  fc.tuple(low, profile === WIDE ? fc.oneof({ arbitrary: high, weight: 4 }, word) : fc.constant(0))
/** Mostly little is taken away and much is paid, so that sums meet their cap and wrap on the way. */
const deducted = (profile: Profile) => amount(profile, fc.oneof({ arbitrary: small, weight: 4 }, word), fc.constant(0))
const limit = (profile: Profile) =>
  fc.oneof(
    amount(profile, fc.oneof({ arbitrary: u32, weight: 3 }, small, edge), u32),
    fc.constant(profile === WIDE ? ([0xffffffff, 0xffffffff] as const) : ([0xffffffff, 0] as const)),
  )

/** Random rows wrap like no compiled ones would; flat rows of few bits make ties, and losses of every size. */
interface Rows {
  readonly key: number
  /** The fourth word, or every row's own. */
  readonly shift: number | null
  /** What is kept of each c0, c1 and c2 being 0; null keeps all three. 'lengths' are values of 1 to 63 bits. */
  readonly bits: number | null | 'lengths'
}
const rows: fc.Arbitrary<Rows> = fc.record({
  key: u32,
  shift: fc.option(fc.oneof(fc.constantFrom(0, 1, 31, 32, 33, 63), word), { freq: 2 }),
  bits: fc.oneof(
    { arbitrary: fc.constant(null), weight: 3 },
    { arbitrary: fc.constant('lengths' as const), weight: 2 },
    fc.constantFrom(0, 0xff, 0x80000000, 0xfff00000),
  ),
})

function tableOf({ key, shift, bits }: Rows): Uint32Array {
  const words = new Uint32Array(16_384)
  const draw = new Uint32Array(4)
  for (let row = 0; row < 4096; row++) {
    philox4x32(draw, row, 0, 0, 0, key, 0)
    const [c0 = 0, c1 = 0, c2 = 0, s = 0] = draw
    const length = 1 + (s % 63)
    const lengths = [((c0 | 0x80000000) >>> Math.max(1, 32 - length)) >>> 0, 0, 0, Math.max(0, length - 31)]
    const own = bits === null ? [c0, c1, c2, shift ?? s] : [(c0 & Number(bits)) >>> 0, 0, 0, shift ?? s]
    words.set(bits === 'lengths' ? lengths : own, row * 4)
  }
  return words
}

const counts = new Map([0, 0.001, 0.7, 2, 4.5, 11, 40, 150].map((rate) => [rate, compilePoissonThreshold(rate)]))

/** A first pass of any words. */
const launches = (profile: Profile): fc.Arbitrary<Launch> =>
  fc
    .record({
      key0: u32,
      key1: u32,
      deductible: deducted(profile),
      policyLimit: limit(profile),
      catLimit: limit(profile),
      aggregateDeductible: deducted(profile),
      aggregateLimit: limit(profile),
      sumCap: limit(profile),
      catPossible: fc.constantFrom(0, 1),
      catHigh: word,
      catLow: word,
      greatestEvent: fc.constantFrom(0, 0, 1),
      rate: fc.constantFrom(...counts.keys()),
      severity: rows,
      catastrophe: rows,
    })
    .map(({ rate, severity, catastrophe, ...named }) => {
      const constants = new Uint32Array(CONSTANTS)
      for (const [name, value] of Object.entries(named)) {
        constants.set([value].flat(), CONSTANT[name as keyof typeof named])
      }
      const tables = {
        severity: tableOf(severity),
        count: counts.get(rate) ?? new Uint32Array(),
        catastrophe: tableOf(catastrophe),
      }
      return { program: profile.name, constants, tables }
    })

const ranges: fc.Arbitrary<ShardRange> = fc.record({
  shard: fc.nat(16_383),
  firstUnit: fc.oneof(
    fc.bigInt(0n, 10n ** 12n),
    fc.bigInt(2n ** 32n - 300n, 2n ** 32n),
    fc.constant(2n ** 33n - 1n),
    fc.constant(2n ** 64n - 999n),
  ),
  units: fc.oneof(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 700 })),
})

/** How a tail chooses its bins: those of losses that come up, or beside them, the first and the last, or any. */
interface Choice {
  readonly bins: number
  readonly ends: boolean
  readonly picks: readonly { readonly from: number; readonly beside: number }[]
}
const choices: fc.Arbitrary<Choice> = fc.record({
  bins: fc.oneof(fc.constantFrom(0, 1, SELECTED_MAX), fc.nat(SELECTED_MAX)),
  ends: fc.boolean(),
  picks: fc.array(fc.record({ from: fc.nat(), beside: fc.constantFrom(-1, 0, 0, 0, 1) }), {
    minLength: SELECTED_MAX,
    maxLength: SELECTED_MAX,
  }),
})

/** The second pass over the same losses. */
function tailOf(profile: Profile, launch: Launch, range: ShardRange, { bins, ends, picks }: Choice): Launch {
  const last = binsOf(profile) - 1
  const met = picks.map(({ from, beside }) => {
    const loss = lossOf(profile, launch, range.firstUnit + BigInt(from % range.units))
    return Math.min(last, Math.max(0, binOf(profile, loss) + beside))
  })
  const wanted = new Set([...(ends ? [0, last] : []), ...met, ...picks.map(({ from }) => from % (last + 1))])
  const selected = [...wanted].slice(0, bins).toSorted((a, b) => a - b)
  const constants = Uint32Array.from(launch.constants)
  constants[CONSTANT.selected] = selected.length
  constants.fill(0xffffffff, CONSTANT.selectedBins)
  constants.set(selected, CONSTANT.selectedBins)
  return { program: `${profile.name}.tail`, constants, tables: launch.tables }
}

/** The least loss of one year. */
function lossOf(profile: Profile, launch: Launch, firstUnit: bigint): bigint {
  const partial = reference(launch, { shard: 0, firstUnit, units: 1 })
  const view = new DataView(partial.buffer, partial.byteOffset)
  return profile === WIDE ? view.getBigUint64(60, true) : BigInt(view.getUint32(44, true))
}

const BOTH = [
  ['narrow', NARROW],
  ['wide', WIDE],
] as const

describe.skipIf(gpu === null)('the programs of the insurance kernel on Dawn', { timeout: 60_000 }, () => {
  let engine: Engine
  beforeAll(async () => {
    if (gpu === null) throw new Error(why.join(' '))
    engine = await createWebGpuEngine(gpu, [artifact])
  })
  afterAll(() => engine.close())

  async function itsPartials(launch: Launch, shards: readonly ShardRange[]): Promise<Uint8Array[]> {
    const loaded = await engine.load(artifact.name, launch)
    const partials: Uint8Array[] = []
    await loaded.run(shards, (_, partial) => partials.push(partial))
    loaded.close()
    return partials
  }

  async function agrees(launch: Launch, range: ShardRange): Promise<void> {
    expect(await itsPartials(launch, [range])).toEqual([reference(launch, range)])
  }

  it.each(BOTH)('%s: the bytes of the reference for any words', async (_, profile) => {
    await fc.assert(fc.asyncProperty(launches(profile), ranges, agrees), { numRuns: RUNS })
  })

  it.each(BOTH)('%s.tail: the same, whatever bins are selected', async (_, profile) => {
    await fc.assert(
      fc.asyncProperty(launches(profile), ranges, choices, async (launch, range, choice) => {
        await agrees(tailOf(profile, launch, range, choice), range)
      }),
      { numRuns: RUNS },
    )
  })

  // Years for several dispatches of several workgroups, each with extremes of its own and carries out of its sums.
  const long = { shard: 3, firstUnit: 2n ** 32n - 4000n, units: 9001 }
  const short = { shard: 4, firstUnit: 5n, units: 70 }
  const cases: readonly (readonly [string, Profile, Omit<Rows, 'key'>, number])[] = [
    ['narrow, any rows', NARROW, { bits: null, shift: 0 }, 0],
    ['narrow, losses of every size', NARROW, { bits: 'lengths', shift: 0 }, 1],
    ['narrow, small losses', NARROW, { bits: 0xff, shift: 0 }, 0],
    ['wide, any rows', WIDE, { bits: null, shift: null }, 0],
    ['wide, losses of every size', WIDE, { bits: 'lengths', shift: 0 }, 1],
    ['wide, small losses', WIDE, { bits: 0x7f, shift: 0 }, 0],
    ['wide, extremes that share their high word', WIDE, { bits: null, shift: 1 }, 1],
    ['wide, multiples of 2^33', WIDE, { bits: null, shift: 33 }, 0],
  ]

  it.each(cases)('%s: shards that span dispatches', async (_name, profile, { bits, shift }, greatestEvent) => {
    const constants = new Uint32Array(CONSTANTS)
    constants.set([1, 2, 5, 0])
    for (const at of [CONSTANT.policyLimit, CONSTANT.aggregateLimit, CONSTANT.sumCap]) {
      constants.set(profile === WIDE ? [0xffffffff, 0xffffffff] : [0xffffffff, 0], at)
    }
    constants[CONSTANT.greatestEvent] = greatestEvent
    const tables = { severity: tableOf({ key: 7, bits, shift }), count: counts.get(2) ?? new Uint32Array() }
    const launch = { program: profile.name, constants, tables }
    const picks = Array.from({ length: SELECTED_MAX }, (_, i) => ({ from: 131 * i, beside: 0 }))
    // With the last bin selected no loss is above the selected ones, and without it the last segment has some.
    const tails = [true, false].map((ends) => tailOf(profile, launch, long, { bins: SELECTED_MAX, ends, picks }))
    const shards = [long, short]
    for (const each of [launch, ...tails]) {
      expect(await itsPartials(each, shards)).toEqual(shards.map((range) => reference(each, range)))
    }
  })
})
