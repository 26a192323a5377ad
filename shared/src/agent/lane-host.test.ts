// A host deals shards to its lanes, and survives shards that fail, engines that are lost and workers that die.
import { describe, expect, test } from 'vitest'
import { digest } from '../exact/digest.ts'
import type { Launch, ShardRange } from '../kernels/kernel.ts'
import { EngineError, type Engine } from './engines/engine.ts'
import { serveLane, type FromLane, type Lane, type ToLane } from './engine-lane.ts'
import { laneHost } from './lane-host.ts'
import { chooseEngine, type EngineHost, type RunOrder } from './engine-host.ts'

const launch: Launch = { program: 'sums', constants: new Uint32Array(), tables: {} }
const order = (shards: number, launchKey = 'a'): RunOrder => ({
  kernel: 'k',
  launchKey,
  launch,
  shards: Array.from({ length: shards }, (_, shard) => ({ shard, firstUnit: 0n, units: 1 })),
})
const forever = new AbortController().signal

/** An engine that calls `before` ahead of every shard; what that throws is the shard's fault. */
const engineThat = (before: (range: ShardRange) => void | Promise<void>, loads: string[] = []): Engine => ({
  name: 'wasm',
  async load(kernel) {
    loads.push(kernel)
    return {
      async run(shards, emit, signal) {
        for (const range of shards) {
          signal?.throwIfAborted()
          await before(range)
          emit(range.shard, Uint8Array.of(range.shard))
        }
      },
      close() {},
    }
  },
  close() {},
})

/** A lane in this thread; messages arrive later, as from a worker. `now` is its clock; `opened` gets its engine's notices. */
function lane(
  engine: Engine,
  now = ticking(),
  opened: (notice: (sentence: string) => void) => void = () => {},
): Lane & { die(reason: string): void } {
  let toLane: (message: ToLane) => void = () => {}
  let fromLane: (message: FromLane) => void = () => {}
  let crash: (reason: string) => void = () => {}
  const later = (act: () => void): void => void setTimeout(act, 0)
  serveLane(
    { send: (message) => later(() => fromLane(message)), receive: (listener) => (toLane = listener) },
    {
      open: async (notice) => {
        opened(notice)
        return engine
      },
      selfTest: async ({ name }) => [
        { engine: name, kernel: 'k', kernelDigest: digest('kernel.v1'), digests: [], unitsPerSecond: 5 },
      ],
      now,
    },
  )
  return {
    send: (message) => later(() => toLane(message)),
    receive: (listener) => (fromLane = listener),
    crashed: (listener) => (crash = listener),
    die: (reason) => crash(reason),
    terminate: () => {},
  }
}

function ticking(): () => number {
  let now = 0
  return () => (now += 1)
}

const hostOf = (lanes: readonly Lane[], batchMax = 1): EngineHost =>
  laneHost({ engine: 'wasm', lanes, batchMax, knownTables: async () => new Map() })

async function run(host: EngineHost, asked: RunOrder, signal = forever, computed: (units: number) => void = () => {}) {
  const done: number[] = []
  const failed: [number, string][] = []
  await host.run(
    asked,
    {
      started: () => {},
      computed,
      done: (shard, partial) => {
        expect(partial).toEqual(Uint8Array.of(shard))
        done.push(shard)
      },
      failed: (shard, reason) => failed.push([shard, reason]),
    },
    signal,
  )
  return { done, failed }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const sorted = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b)

describe('a host of lanes', () => {
  test.each([
    [1, 1],
    [3, 1],
    [2, Infinity],
  ])('%i lanes with batches of %d: every shard once', async (lanes, batchMax) => {
    const host = hostOf(
      upTo(lanes).map(() => lane(engineThat(() => {}))),
      batchMax,
    )
    expect(sorted((await run(host, order(50))).done)).toEqual(upTo(50))
    expect((await run(host, order(0))).done).toEqual([])
  })

  test('what befalls an engine that goes on stands beside the self-test that it passed', async () => {
    let befall: (sentence: string) => void = () => {}
    const candidate = {
      engine: 'webgpu' as const,
      chances: 1,
      open: async (notice: (sentence: string) => void) =>
        laneHost({
          engine: 'webgpu',
          lanes: [
            lane(
              engineThat(() => {}),
              ticking(),
              (opened) => (befall = opened),
            ),
          ],
          batchMax: 1,
          knownTables: async () => new Map(),
          notice,
        }),
    }
    const choice = chooseEngine([candidate], () => {})
    await choice.next()
    befall('The device was lost once.')
    await expect.poll(() => choice.reports()[0]?.detail).toMatch(/bit for bit\. The device was lost once\.$/)
    expect(choice.reports()[0]?.outcome).toBe('passed')
    choice.close()
  })

  test('what is loaded stays loaded, a few launches deep', async () => {
    const loads: string[] = []
    const host = hostOf([lane(engineThat(() => {}, loads))])
    for (const key of ['a', 'b', 'a', 'b', 'c', 'd', 'a']) await run(host, order(2, key))
    expect(loads).toHaveLength(4)
    await run(host, order(2, 'e'))
    await run(host, order(2, 'a'))
    expect(loads).toHaveLength(6)
  })

  test.each([1, Infinity])('a shard that fails is told, the others are done (batches of %d)', async (batchMax) => {
    const faulty = engineThat(({ shard }) => {
      if (shard % 7 === 3) throw new RangeError(`no ${shard}`)
    })
    const { done, failed } = await run(hostOf([lane(faulty), lane(faulty)], batchMax), order(20))
    expect(failed.toSorted(([a], [b]) => a - b)).toEqual([3, 10, 17].map((shard) => [shard, `no ${shard}`]))
    expect(sorted(done)).toEqual(upTo(20).filter((shard) => shard % 7 !== 3))
  })

  test('a lost engine ends the run and every later one', async () => {
    const lost = engineThat(({ shard }) => {
      if (shard === 5) throw new EngineError('device lost')
    })
    const host = hostOf([lane(lost)])
    await expect(run(host, order(10))).rejects.toThrow('device lost')
    await expect(run(host, order(1))).rejects.toThrow('device lost')
    await expect(host.selfTest()).rejects.toThrow('device lost')
  })

  test('a worker that dies ends the run with a sentence', async () => {
    const mortal = lane(engineThat(() => new Promise(() => {})))
    const running = run(hostOf([mortal]), order(3))
    mortal.die('out of memory')
    await expect(running).rejects.toThrow('A worker of the wasm engine died: out of memory')
  })

  test('an abort ends the run soon and without faults, and the next run is untouched', async () => {
    const aborting = new AbortController()
    const host = hostOf([lane(engineThat(({ shard }) => (shard === 4 ? aborting.abort() : undefined)))])
    const { done, failed } = await run(host, order(1000), aborting.signal)
    expect(done.length).toBeLessThan(20)
    expect(failed).toEqual([])
    expect((await run(host, order(3))).done).toEqual([0, 1, 2])
  })

  describe('inside a shard', () => {
    const COMPUTED_MS = 500
    /** Computes shards of 100 units 10 at a time, each step after `stepMs` on its own clock and some turns of ours. */
    const slow = (stepMs: number, turns = 1): Lane => {
      let nowMs = 0
      const engine: Engine = {
        name: 'wasm',
        load: async () => ({
          async run(shards, emit, signal, computed) {
            let units = 0
            for (const { shard } of shards) {
              for (let step = 0; step < 10; step++) {
                for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setTimeout(resolve))
                signal?.throwIfAborted()
                nowMs += stepMs
                computed?.((units += 10))
              }
              emit(shard, Uint8Array.of(shard))
            }
          },
          close() {},
        }),
        close() {},
      }
      return lane(engine, () => nowMs)
    }
    const long = (shards: number): RunOrder => ({
      ...order(shards),
      shards: order(shards).shards.map((range) => ({ ...range, units: 100 })),
    })
    const heardOf = async (lanes: readonly Lane[], shards: number, batchMax = 1): Promise<number[]> => {
      const heard: number[] = []
      await run(hostOf(lanes, batchMax), long(shards), forever, (units) => heard.push(units))
      return heard
    }

    test.each([1, Infinity])('it says how far the whole run is (batches of %d)', async (batchMax) => {
      expect(await heardOf([slow(COMPUTED_MS)], 3, batchMax)).toEqual(upTo(30).map((n) => 10 * n + 10))
    })

    test('a lane speaks twice a second at most, its shards count as speaking', async () => {
      expect(await heardOf([slow(COMPUTED_MS / 4)], 2)).toEqual([10, 50, 90, 140, 180])
      expect(await heardOf([slow(COMPUTED_MS / 11)], 5), 'short shards need no other word').toEqual([10])
    })

    test.each([1, Infinity])('the lanes of a host are added up (batches of %d)', async (batchMax) => {
      expect(await heardOf([slow(COMPUTED_MS), slow(COMPUTED_MS, 2)], 6, batchMax)).toEqual(
        upTo(60).map((n) => 10 * n + 10),
      )
    })

    test('what a run had begun before its abort is not the next one’s', async () => {
      const host = hostOf([slow(COMPUTED_MS), slow(COMPUTED_MS, 2)])
      const stop = new AbortController()
      await run(host, long(4), stop.signal, (units) => units >= 50 && stop.abort())
      const heard: number[] = []
      await run(host, long(4), forever, (units) => heard.push(units))
      expect(heard).toEqual(upTo(40).map((n) => 10 * n + 10))
    })
  })

  test('lanes are tested together and their speeds add up', async () => {
    const host = hostOf(upTo(3).map(() => lane(engineThat(() => {}))))
    expect(await host.selfTest()).toMatchObject([{ kernel: 'k', unitsPerSecond: 15 }])
  })
})
