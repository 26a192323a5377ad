// Programs that list words beside their accumulators, and devices that are lost under them, on Dawn: a made-up kernel
// whose answers are plain to see.

import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { createWebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import type { KernelArtifact, KernelProgram } from '@forge/shared/kernels/artifact.ts'
import { describe, expect, it } from 'vitest'
import { dawnGpu } from './dawn.ts'

const why: string[] = []
const gpu = await dawnGpu((line) => why.push(line))

/** Notes the devices that it is given. */
async function open(devices: GPUDevice[]): Promise<Engine> {
  if (gpu === null) throw new Error(why.join(' '))
  const requestAdapter = async (options?: GPURequestAdapterOptions): Promise<GPUAdapter | null> => {
    const adapter = await gpu.requestAdapter(options)
    const requestDevice = async (asked?: GPUDeviceDescriptor): Promise<GPUDevice | undefined> => {
      const device = await adapter?.requestDevice(asked)
      if (device) devices.push(device)
      return device
    }
    return adapter && ({ info: adapter.info, limits: adapter.limits, requestDevice } as unknown as GPUAdapter)
  }
  return createWebGpuEngine({ requestAdapter } as unknown as GPU, [artifact])
}

/** Word 0 counts a shard's units, word 1 the words it lists: the low word of each unit that `EVERY` divides, and ~it. */
const MULTIPLES = `
struct Work { unit_low: u32, unit_high: u32, units: u32, slot: u32 }
struct Lists { stride: u32, words: array<u32> }
@group(0) @binding(0) var<uniform> constants: vec4u;
@group(0) @binding(1) var<storage, read> works: array<Work>;
@group(0) @binding(2) var<storage, read_write> slots: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read> unused: array<u32, 4>;
@group(0) @binding(4) var<storage, read_write> listed: Lists;
override THREADS: u32 = 256u;
override EVERY: u32 = 1u;
@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let work = works[workgroup.x];
  for (var i = thread; i < work.units; i += THREADS) {
    atomicAdd(&slots[2u * work.slot], 1u);
    let unit = work.unit_low + i;
    if (unit % EVERY != 0u) { continue; }
    let at = work.slot * listed.stride + atomicAdd(&slots[2u * work.slot + 1u], 2u);
    listed.words[at] = unit;
    listed.words[at + 1u] = ~unit;
  }
}`

/** Listing nothing, it leaves lists and table out of its text. */
const COUNT = `
@group(0) @binding(1) var<storage, read> works: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> slots: array<atomic<u32>>;
override THREADS: u32 = 256u;
@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let work = works[workgroup.x];
  if (thread == 0u) { atomicAdd(&slots[2u * work.w], work.z); }
}`

const text = (wgsl: string): KernelProgram['wgsl'] => ({
  digest: digest('artifact.v1', new TextEncoder().encode(wgsl)),
  text: wgsl,
})
const program = (wgsl: string, every: number | undefined): KernelProgram => ({
  wasm: text(''),
  wasmSimd: null,
  wgsl: text(wgsl),
  overrides: every === undefined ? {} : { EVERY: every },
  accumulators: 2,
  listed: every === undefined ? null : { wordsPerUnit: 2, countAt: 1 },
  unitsMax: 2 ** 24,
  encode: (accumulators, _, listed) => new Uint8Array(Uint32Array.from([...accumulators, ...pairs(listed)]).buffer),
})

/** In order: threads race for the places. */
function pairs(listed: Uint32Array): number[] {
  const found = Array.from({ length: listed.length / 2 }, (_, i) => [listed[2 * i] ?? 0, listed[2 * i + 1] ?? 0])
  return found.toSorted(([a = 0], [b = 0]) => a - b).flat()
}

const artifact: KernelArtifact = {
  name: 'mc/1/multiples.v1',
  kernelDigest: digest('kernel.v1'),
  programs: { all: program(MULTIPLES, 1), thirds: program(MULTIPLES, 3), none: program(COUNT, undefined) },
  unitsPerWorkgroupMax: 1024,
  tables: [{ name: 'unused', words: 4, padding: 0 }],
  constants: 4,
  reference: () => new Uint8Array(),
  knownAnswers: [],
}

describe.skipIf(gpu === null)('lists on Dawn', { timeout: 60_000 }, () => {
  const lists = async (
    name: string,
    sizes: readonly number[],
    each: (shard: number, devices: readonly GPUDevice[]) => void = () => {},
  ): Promise<number[][]> => {
    const devices: GPUDevice[] = []
    const engine = await open(devices)
    const loaded = await engine.load(artifact.name, { program: name, constants: new Uint32Array(4), tables: {} })
    const found: number[][] = []
    const shards = sizes.map((units, shard) => ({ shard, firstUnit: BigInt(1000 * shard), units }))
    await loaded.run(shards, (shard, partial) => {
      expect(shard).toBe(found.length)
      found.push([...new Uint32Array(partial.buffer)])
      each(shard, devices)
    })
    engine.close()
    return found
  }
  const expected = (sizes: readonly number[], every: number): number[][] =>
    sizes.map((units, shard) => {
      const all = Array.from({ length: units }, (_, i) => 1000 * shard + i).filter((unit) => unit % every === 0)
      return [units, 2 * all.length, ...all.flatMap((unit) => [unit, ~unit >>> 0])]
    })

  it.each([
    ['many shards of few units', Array.from({ length: 200 }, (_, i) => 1 + (i % 9))],
    ['shards over several dispatches, one of them empty', [5000, 1, 3, 2500, 2, 2, 1]],
  ])('reads back what each shard listed, and no more: %s', async (_, sizes) => {
    expect(await lists('thirds', sizes)).toEqual(expected(sizes, 3))
    expect(await lists('all', sizes)).toEqual(expected(sizes, 1))
  })

  it('keeps one slot when a list is large', async () => {
    const sizes = [3, 2 ** 21 + 1, 3]
    const [first, middle, last] = await lists('thirds', sizes)
    const [wanted, all, other] = expected(sizes, 3)
    expect([first, last]).toEqual([wanted, other])
    expect(middle?.length).toBe(all?.length)
    expect(middle?.every((word, i) => word === all?.[i])).toBe(true)
  })

  it('goes on with the same words when its device is destroyed', async () => {
    const sizes = Array.from({ length: 300 }, (_, i) => 100 + i)
    let devices = 0
    const found = await lists('thirds', sizes, (shard, opened) => {
      if (shard === 40 || shard === 150) opened.at(-1)?.destroy()
      devices = opened.length
    })
    expect(found).toEqual(expected(sizes, 3))
    expect(devices).toBe(3)
  })

  it('runs a program that lists nothing and names no list', async () => {
    expect(await lists('none', [3, 700])).toEqual([
      [3, 0],
      [700, 0],
    ])
  })
})
