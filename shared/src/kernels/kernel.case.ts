// What every kernel must hold on every engine: its vectors byte for byte, the reference's bytes for random launches and
// contracts, the same totals however a range is cut, and an abort that is heard. A test file names kernel and engine.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine, LoadedKernel } from '../agent/engines/engine.ts'
import { testKernel } from '../agent/engines/self-test.ts'
import { compileTable, tableDigest, tableKey } from '../distributions/table.ts'
import { digest, type Digest } from '../exact/digest.ts'
import { knownAnswerTables, type KernelArtifact } from './artifact.ts'
import { isRefusal, type Kernel, type Launch, type ShardRange, type TableSpec } from './kernel.ts'
import { plannedCase, vectorsSchema } from './vectors.ts'

export interface KernelCase {
  readonly kernel: Kernel
  readonly artifact: KernelArtifact
  /** The content of vectors.json. */
  readonly vectors: unknown
  /** Launches over the whole range of their words, planned or not: engines and reference must agree on all. */
  readonly launches: fc.Arbitrary<Launch>
  /** Contracts as clients send them. */
  readonly args: fc.Arbitrary<Record<string, number | null>>
}

interface EngineCase {
  readonly open: () => Promise<Engine>
  /** Units of the longest run; a software adapter is slow. */
  readonly unitsMax: number
}

const compiled = new Map<string, Uint32Array>()
function compile(spec: TableSpec): Uint32Array {
  const words = compiled.get(tableKey(spec)) ?? compileTable(spec).words
  compiled.set(tableKey(spec), words)
  return words
}

/** The self-test runs the shards of the known answers too: FORGE_TEST_ALL=1 runs them as vectors as well. */
const told = <T extends { readonly name: string }>(cases: readonly T[]): readonly T[] =>
  process.env['FORGE_TEST_ALL'] === '1' ? cases : cases.filter(({ name }) => !name.startsWith('known answer'))

export function itComputes(
  { kernel, artifact, vectors, launches, args }: KernelCase,
  name: string,
  { open, unitsMax }: EngineCase,
): void {
  describe(`${artifact.name} on ${name}`, { timeout: 120_000 }, () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await open()
    }, 60_000)
    afterAll(() => engine?.close())

    const withLoaded = async <T>(launch: Launch, use: (loaded: LoadedKernel) => Promise<T>): Promise<T> => {
      const loaded = await engine.load(artifact.name, launch)
      try {
        return await use(loaded)
      } finally {
        loaded.close()
      }
    }
    const partials = async (launch: Launch, ranges: readonly ShardRange[]): Promise<Uint8Array[]> => {
      const found: Uint8Array[] = []
      const order: number[] = []
      await withLoaded(launch, (loaded) =>
        loaded.run(ranges, (shard, partial) => {
          order.push(shard)
          found.push(partial)
        }),
      )
      expect(order).toEqual(ranges.map(({ shard }) => shard))
      return found
    }

    it.each(told(vectorsSchema.parse(vectors).cases).map((vector) => [vector.name, vector] as const))(
      'gives the vector "%s"',
      async (_, vector) => {
        const { launch } = plannedCase(vector, kernel, compile)
        expect([...launch.constants]).toEqual(vector.constants)
        for (const [table, words] of Object.entries(launch.tables)) {
          expect(tableDigest(words), table).toBe(vector.tables[table]?.digest)
        }
        const range = { shard: 7, firstUnit: BigInt(vector.first_unit), units: vector.units }
        const [partial = new Uint8Array()] = await partials(launch, [range])
        expect(digest('partial.v1', partial)).toBe(vector.partial.digest)
      },
    )

    it('passes its self-test', async () => {
      const tables = new Map<Digest, Uint32Array>()
      for (const { spec, digest: table } of knownAnswerTables([artifact])) tables.set(table, compile(spec))
      const result = await testKernel(engine, artifact, (table) => tables.get(table) ?? new Uint32Array())
      expect(result).toMatchObject({ passed: true, digests: artifact.knownAnswers.map((known) => known.digest) })
    })

    const ranges = (longest: number): fc.Arbitrary<ShardRange> =>
      fc.record({
        shard: fc.nat(16_383),
        firstUnit: fc.oneof(
          fc.bigInt(0n, 10n ** 12n),
          fc.bigInt(2n ** 32n - BigInt(longest), 2n ** 32n),
          fc.constant(2n ** 33n - 1n),
        ),
        units: fc.integer({ min: 1, max: longest }),
      })

    it('gives the bytes of the reference for any words', async () => {
      await fc.assert(
        fc.asyncProperty(launches, ranges(700), async (launch, range) => {
          expect(await partials(launch, [range])).toEqual([kernel.reference(launch, range)])
        }),
        { numRuns: 40 },
      )
    })

    it('gives the bytes of the reference for random contracts', async () => {
      const planned = args.filter((sent) => !isRefusal(kernel.plan(kernel.argsSchema.parse(sent))))
      await fc.assert(
        fc.asyncProperty(planned, ranges(500), fc.string(), async (sent, range, seed) => {
          const { launch, plan, pass } = plannedCase({ name: 'random', args: sent, root_seed: seed }, kernel, compile)
          const [partial = new Uint8Array()] = await partials(launch, [range])
          expect(partial).toEqual(kernel.reference(launch, range))
          expect(() => kernel.decode(partial, range.units, plan, pass)).not.toThrow()
        }),
        { numRuns: 4 },
      )
    })

    const [founding] = vectorsSchema.parse(vectors).cases
    if (founding === undefined) throw new Error('a kernel has vectors')

    it('adds up to the same total however a range is cut', async () => {
      const { launch, plan, pass } = plannedCase(founding, kernel, compile)
      const total = async (cuts: readonly number[]): Promise<unknown> => {
        const edges = [0, ...cuts, unitsMax]
        const pieces = edges.slice(1).map((to, i) => ({ from: edges[i] ?? 0, to }))
        const shards = pieces
          .filter(({ from, to }) => to > from)
          .map(({ from, to }, shard) => ({ shard, firstUnit: 2n ** 32n - 999n + BigInt(from), units: to - from }))
        const sum = kernel.empty()
        for (const [i, partial] of (await partials(launch, shards)).entries()) {
          kernel.add(sum, kernel.decode(partial, shards[i]?.units ?? 0, plan, pass), 0)
        }
        return sum
      }
      const whole = await total([])
      const cuts = fc.array(fc.integer({ min: 0, max: unitsMax }), { minLength: 1, maxLength: 150 })
      const sorted = cuts.map((edges) => edges.toSorted((a, b) => a - b))
      await fc.assert(
        fc.asyncProperty(sorted, async (edges) => {
          expect(await total(edges)).toEqual(whole)
        }),
        { numRuns: 5, examples: [[Array.from({ length: 150 }, (_, i) => 7 * i)]] },
      )
    })

    it('rejects with the reason of an abort, and what it gave before stays valid', async () => {
      const { launch } = plannedCase(founding, kernel, compile)
      const abort = new AbortController()
      const reason = new Error('the volunteer pressed Stop')
      const shards = Array.from({ length: 400 }, (_, shard) => ({ shard, firstUnit: BigInt(shard) * 64n, units: 64 }))
      const given: Uint8Array[] = []
      await withLoaded(launch, async (loaded) => {
        abort.abort(reason)
        await expect(loaded.run(shards, (_, partial) => given.push(partial), abort.signal)).rejects.toBe(reason)
        expect(given).toEqual([])
        const later = new AbortController()
        const running = loaded.run(
          shards,
          (_, partial) => {
            given.push(partial)
            if (given.length === 1) later.abort(reason)
          },
          later.signal,
        )
        await expect(running).rejects.toBe(reason)
        expect(given.length).toBeLessThan(shards.length)
        const expected = shards.slice(0, 1).map((range) => kernel.reference(launch, range))
        expect(given.slice(0, 1)).toEqual(expected)
      })
    })

    it('says how far it is, inside a shard too', async () => {
      const { launch } = plannedCase(founding, kernel, compile)
      const shards = [0, 1].map((shard) => ({ shard, firstUnit: BigInt(shard * unitsMax), units: unitsMax }))
      const heard: number[] = []
      const emittedAt: number[] = []
      await withLoaded(launch, (loaded) =>
        loaded.run(
          shards,
          () => emittedAt.push(heard.length),
          undefined,
          (units) => heard.push(units),
        ),
      )
      expect(heard.length).toBeGreaterThan(0)
      expect(heard, 'it only grows').toEqual([...new Set(heard)].toSorted((a, b) => a - b))
      expect(heard.at(-1)).toBeLessThanOrEqual(2 * unitsMax)
      expect(heard.at(-1), 'the second shard counts behind the first').toBeGreaterThan(unitsMax)
      expect(emittedAt[0], 'before the first was whole').toBeGreaterThan(0)
    })

    it('refuses a kernel that it does not have', async () => {
      const { launch } = plannedCase(founding, kernel, compile)
      await expect(engine.load('mc/1/unheard.v1', launch)).rejects.toThrow('has no kernel mc/1/unheard.v1')
    })
  })
}
