// The engine's laws over a GPU that fails on command: what is in flight, what is used again, and what follows a loss.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EngineError, type Engine, type LoadedKernel } from './engine.ts'
import { createWebGpuEngine, type WebGpuOptions } from './webgpu-engine.ts'
import { fakeGpu, sums, sumsLaunch, sumsShards, type FakeGpu } from './webgpu-fake.case.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const MINUTE_MS = 60_000

async function loadedOn(fake: FakeGpu, options: WebGpuOptions = {}): Promise<{ engine: Engine; loaded: LoadedKernel }> {
  const engine = await createWebGpuEngine(fake.gpu, [sums], options)
  // The device's latency is measured while nothing else is under way.
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
  return { engine, loaded: await engine.load(sums.name, sumsLaunch) }
}

/** Runs and checks every byte; `each` hears of every shard. */
async function runs(
  loaded: LoadedKernel,
  shards = sumsShards(40, 5000),
  each: (shard: number) => void = () => {},
): Promise<void> {
  const order: number[] = []
  await loaded.run(shards, (shard, partial) => {
    const range = shards[shard]
    expect(range && sums.reference(sumsLaunch, range)).toEqual(partial)
    order.push(shard)
    each(shard)
  })
  expect(order).toEqual(shards.map(({ shard }) => shard))
}

describe('a device at work', () => {
  it.each([
    [false, 2],
    [true, 1],
  ])('software %s: %i dispatches in flight', async (software, inFlight) => {
    const fake = fakeGpu(() => ({ software }))
    const { loaded } = await loadedOn(fake)
    await runs(loaded)
    expect(fake.devices[0]?.waitingMost).toBe(inFlight)
  })

  it('uses buffers and pipelines again, in the next run and in the next launch', async () => {
    const fake = fakeGpu()
    const { engine, loaded } = await loadedOn(fake)
    await runs(loaded)
    loaded.close()
    const [device] = fake.devices
    const made = device?.buffers
    const next = await engine.load(sums.name, sumsLaunch)
    await runs(next)
    await runs(next, sumsShards(3, 700))
    expect(device?.buffers).toBe(made)
    expect(device?.pipelines).toBe(1)
  })

  it('keeps a closed launch whole until its run has ended', async () => {
    const { engine, loaded } = await loadedOn(fakeGpu())
    const other = { ...sumsLaunch, constants: Uint32Array.of(1, 2, 3, 4) }
    await runs(loaded, sumsShards(40, 5000), (shard) => {
      if (shard === 0) loaded.close()
      if (shard === 1) void engine.load(sums.name, other)
    })
  })

  it('asks for the limits that the kernels need, and no device of an adapter that has less', async () => {
    const fake = fakeGpu()
    await loadedOn(fake)
    expect(fake.asked()).toMatchObject({ maxComputeInvocationsPerWorkgroup: 256, maxStorageBuffersPerShaderStage: 3 })
    const small = fakeGpu(() => ({ limits: { maxComputeWorkgroupStorageSize: 8192 } }))
    await expect(loadedOn(small)).rejects.toThrow(
      'the kernels need maxComputeWorkgroupStorageSize to be 16384, and this GPU grants 8192',
    )
    expect(small.devices).toHaveLength(0)
    const narrow = fakeGpu(() => ({ limits: { maxComputeInvocationsPerWorkgroup: 200 } }))
    await runs((await loadedOn(narrow)).loaded)
    expect(narrow.asked()).toMatchObject({ maxComputeInvocationsPerWorkgroup: 128 })
  })

  it('says after every dispatch how far it is, in the middle of a shard too', async () => {
    const fake = fakeGpu()
    const { loaded } = await loadedOn(fake)
    const heard: number[] = []
    await loaded.run(
      sumsShards(2, 2 ** 20),
      () => {},
      undefined,
      (units) => heard.push(units),
    )
    let sum = 0
    expect(heard).toEqual(fake.devices[0]?.dispatched.map((units) => (sum += units)))
    expect(heard.filter((units) => units < 2 ** 20).length).toBeGreaterThan(1)
    expect(heard.at(-1)).toBe(2 ** 21)
  })

  it('hears an abort after one dispatch', async () => {
    const fake = fakeGpu()
    const { loaded } = await loadedOn(fake)
    const stop = new AbortController()
    const given: number[] = []
    const running = loaded.run(
      sumsShards(400, 5000),
      (shard) => {
        given.push(shard)
        stop.abort(new Error('stopped'))
      },
      stop.signal,
    )
    await expect(running).rejects.toThrow('stopped')
    const dispatched = fake.devices[0]?.dispatched.length
    await runs(loaded, sumsShards(3, 10))
    expect(fake.devices[0]?.dispatched.length).toBe((dispatched ?? 0) + 1)
  })

  it('is asked for again where a browser that was just started has no adapter yet, and not for long', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const late = fakeGpu((n) => (n < 2 ? null : {}))
    const opened = loadedOn(late)
    await vi.advanceTimersByTimeAsync(500)
    await runs((await opened).loaded)
    const none = fakeGpu(() => null)
    const refused = createWebGpuEngine(none.gpu, [sums]).catch(String)
    await vi.advanceTimersByTimeAsync(500)
    expect(await refused).toContain('offers no WebGPU adapter')
  })
})

describe('a device that is lost', () => {
  it('is replaced, once it passed its test, and the run goes on behind what was handed out', async () => {
    const fake = fakeGpu()
    const retested: string[] = []
    const told: number[] = []
    const { loaded } = await loadedOn(fake, {
      retest: async () => retested.push(`${fake.devices.length} devices`),
      reopened: (losses) => told.push(losses),
    })
    await runs(loaded, sumsShards(40, 20_000), (shard) => {
      if (shard === 4) fake.devices[0]?.lose()
    })
    const [, second] = fake.devices
    expect(fake.devices).toHaveLength(2)
    expect(retested).toEqual(['2 devices'])
    expect(told).toEqual([1])
    const again = (second?.dispatched ?? []).reduce((sum, units) => sum + units, 0)
    expect(again % 20_000, 'whole shards only').toBe(0)
    expect(again).toBeLessThanOrEqual(35 * 20_000)
  })

  it('is followed by dispatches of half the size, in this launch and in the next', async () => {
    let ms = 0
    vi.spyOn(performance, 'now').mockImplementation(() => ms)
    const fake = fakeGpu(
      () => ({ software: true }),
      (device) => (device.onDispatch = (units) => (ms += units / 1000)),
    )
    const { engine, loaded } = await loadedOn(fake)
    const most = (): number => Math.max(...(fake.devices.at(-1)?.dispatched.splice(0) ?? []))
    await runs(loaded, sumsShards(20, 50_000))
    expect(most()).toBe(50_000)
    fake.devices[0]?.lose()
    await fake.devices[0]?.lost
    await runs(loaded, sumsShards(20, 50_000))
    expect(most()).toBe(25_000)
    await runs(await engine.load(sums.name, sumsLaunch), sumsShards(20, 50_000))
    expect(most()).toBe(25_000)
  })

  it('takes what it had begun with it: the count of units falls back to whole shards, and goes on', async () => {
    let ms = 0
    vi.spyOn(performance, 'now').mockImplementation(() => ms)
    const fake = fakeGpu(
      () => ({ software: true }),
      (device) => (device.onDispatch = (units) => (ms += units / 1000)),
    )
    const { loaded } = await loadedOn(fake)
    await runs(loaded, sumsShards(2, 200_000))
    const heard: number[] = []
    await loaded.run(
      sumsShards(2, 200_000),
      () => {},
      undefined,
      (units) => {
        heard.push(units)
        if (units === 350_000 && fake.devices.length === 1) fake.devices[0]?.lose()
      },
    )
    const byDispatch = (from: number, to: number, units: number): number[] =>
      Array.from({ length: (to - from) / units }, (_, n) => from + (n + 1) * units)
    expect(heard).toEqual([...byDispatch(0, 350_000, 50_000), ...byDispatch(200_000, 400_000, 25_000)])
  })

  it('while it says nothing, too', async () => {
    const fake = fakeGpu(undefined, (device, n) => (device.isQuick = n > 0))
    const { loaded } = await loadedOn(fake)
    const running = runs(loaded)
    await expect.poll(() => fake.devices[0]?.waiting).toBe(2)
    fake.devices[0]?.lose()
    await running
  })

  it('is the engine’s end at the third time within ten minutes, and not at any number in more', async () => {
    let nowMs = 0
    const fake = fakeGpu()
    const { engine, loaded } = await loadedOn(fake, { now: () => nowMs })
    const lostWithin = async (minutes: number): Promise<void> => {
      nowMs += minutes * MINUTE_MS
      const device = fake.devices.at(-1)
      device?.lose()
      await device?.lost
      await runs(loaded, sumsShards(20, 100))
    }
    for (const minutes of [0, 6, 6, 6, 6, 5]) await lostWithin(minutes)
    await expect(lostWithin(4.5)).rejects.toThrow('the GPU was lost three times within ten minutes')
    await expect(runs(loaded)).rejects.toBeInstanceOf(EngineError)
    await expect(engine.load(sums.name, sumsLaunch)).rejects.toBeInstanceOf(EngineError)
    expect(fake.devices).toHaveLength(7)
  })

  it('counts a loss during the test of the new device', async () => {
    const fake = fakeGpu(undefined, (device, n) => n > 0 && device.lose())
    const retest = async (fresh: Engine): Promise<void> => runs(await fresh.load(sums.name, sumsLaunch))
    const { loaded } = await loadedOn(fake, { retest })
    fake.devices[0]?.lose()
    await expect(runs(loaded)).rejects.toThrow('three times')
    expect(fake.devices).toHaveLength(3)
  })

  it('gives no shard when the new one computes wrongly', async () => {
    const fake = fakeGpu(undefined, (device, n) => (device.isWrong = n > 0))
    const retest = async (fresh: Engine): Promise<void> => {
      const [range] = sumsShards(1, 100)
      const loaded = await fresh.load(sums.name, sumsLaunch)
      await loaded.run(range ? [range] : [], (_, partial) => {
        if (range && `${partial}` !== `${sums.reference(sumsLaunch, range)}`) throw new EngineError('computes wrongly')
      })
    }
    const { loaded } = await loadedOn(fake, { retest })
    fake.devices[0]?.lose()
    const given: number[] = []
    await expect(loaded.run(sumsShards(9, 9), (shard) => given.push(shard))).rejects.toThrow('computes wrongly')
    expect(given).toEqual([])
  })

  it('waits a little for a browser that starts its GPU again, and takes no software adapter instead', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const slow = fakeGpu((n) => (n === 1 || n === 2 ? null : {}))
    const { loaded } = await loadedOn(slow)
    slow.devices[0]?.lose()
    const running = runs(loaded)
    await vi.advanceTimersByTimeAsync(1300)
    await running
    const gone = fakeGpu((n) => ({ software: n > 0 }))
    const other = await loadedOn(gone)
    gone.devices[0]?.lose()
    const refused = runs(other.loaded).catch(String)
    await vi.advanceTimersByTimeAsync(6000)
    expect(await refused).toMatch('only an adapter in software is left')
  })

  it('is not replaced once the engine is closed, and none stays open behind it', async () => {
    const fake = fakeGpu(undefined, (_, n) => n === 1 && engine.close())
    const { engine, loaded } = await loadedOn(fake)
    fake.devices[0]?.lose()
    await expect(runs(loaded)).rejects.toThrow('the engine was closed')
    expect(fake.devices).toHaveLength(2)
    expect((await fake.devices[1]?.lost)?.message).toBe('destroyed')
  })

  it('keeps nobody who stops waiting for the next', async () => {
    const fake = fakeGpu((n) => (n === 0 ? {} : null))
    const { loaded } = await loadedOn(fake)
    const stop = new AbortController()
    fake.devices[0]?.lose()
    const running = loaded.run(sumsShards(9, 9), () => {}, stop.signal)
    setImmediate(() => setImmediate(() => stop.abort(new Error('stopped'))))
    await expect(running).rejects.toThrow('stopped')
  })
})
