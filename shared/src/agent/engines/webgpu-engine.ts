// The WebGPU engine: one device, one pipeline for every kernel, a set of buffers for every launch. It takes the GPU as an
// object, so that windows, workers and Dawn in Node are alike to it; webgpu-pace.ts says how much a dispatch takes.
import { paddedTables, programOf, type KernelArtifact, type KernelProgram } from '../../kernels/artifact.ts'
import type { Launch, ShardRange } from '../../kernels/kernel.ts'
import { EngineError, type Engine, type LoadedKernel } from './engine.ts'
import {
  HARDWARE,
  Pace,
  planDispatch,
  SOFTWARE,
  WORKGROUPS_MAX,
  type Cursor,
  type Dispatch,
  type Shape,
} from './webgpu-pace.ts'

/** Shards that accumulate at once; 13 KiB each, twice. */
const SLOTS = 64
/** What their lists may take together, unless a single one needs more. */
const LISTS_BYTES = 2 ** 25
const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i

export interface WebGpuEngine extends Engine {
  /** The adapter computes on the CPU, where WASM is faster. */
  readonly isFallback: boolean
  /** What the browser tells of the adapter, for the volunteer's page. */
  readonly adapter: string
}

export interface WebGpuOptions {
  readonly powerPreference?: GPUPowerPreference
}

/** Throws an `EngineError` when there is no adapter or it gives no device. */
export async function createWebGpuEngine(
  gpu: GPU,
  artifacts: readonly KernelArtifact[],
  options: WebGpuOptions = {},
): Promise<WebGpuEngine> {
  const adapter = await gpu.requestAdapter(options)
  if (adapter === null) throw new EngineError('this browser offers no WebGPU adapter')
  // The kernels stay within the limits that every adapter grants.
  const device = await adapter.requestDevice().catch((cause: unknown) => {
    throw new EngineError(`the adapter gave no device: ${String(cause)}`, { cause })
  })
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info
  const told = [vendor, architecture, description].filter((text) => text !== '').join(' ')
  const isFallback = isFallbackAdapter === true || SOFTWARE_NAMES.test(told)
  const guard = new DeviceGuard(device, isFallback ? SOFTWARE : HARDWARE)
  return {
    name: 'webgpu',
    isFallback,
    adapter: told,
    async load(kernel, launch) {
      const artifact = artifacts.find(({ name }) => name === kernel)
      if (artifact === undefined) throw new EngineError(`this agent has no kernel ${kernel}`)
      const program = programOf(artifact, launch)
      const pipeline = await guard.pipeline(`${kernel} ${launch.program}`, artifact, program)
      return guard.whole(async () => new WebGpuLaunch(guard, artifact, program, pipeline, launch))
    },
    close: () => device.destroy(),
  }
}

/** Makes every way in which a device fails an `EngineError`, before anybody reads what it computed. */
class DeviceGuard {
  readonly device: GPUDevice
  readonly shape: Shape
  readonly #lost: Promise<never>
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()

  constructor(device: GPUDevice, shape: Shape) {
    this.device = device
    this.shape = shape
    this.#lost = device.lost.then(({ message }) => {
      throw new EngineError(`the GPU device was lost: ${message}`)
    })
    // Whoever works on the device hears of it; an idle loss is nobody's unhandled rejection.
    this.#lost.catch(() => {})
  }

  /** Compiled once for each program. */
  async pipeline(
    name: string,
    { tables }: KernelArtifact,
    { wgsl, overrides }: KernelProgram,
  ): Promise<GPUComputePipeline> {
    const compile = (): Promise<GPUComputePipeline> => {
      const module = this.device.createShaderModule({ code: wgsl.text })
      const compute = { module, entryPoint: 'main', constants: { ...overrides, THREADS: this.shape.threads } }
      // Written out, because a layout of the text's own would lack what the text does not use.
      const group = this.device.createBindGroupLayout({
        entries: bindingTypes(tables.length).map((type, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type },
        })),
      })
      const layout = this.device.createPipelineLayout({ bindGroupLayouts: [group] })
      return this.device.createComputePipelineAsync({ layout, compute })
    }
    const compiling = this.#pipelines.get(name) ?? compile()
    this.#pipelines.set(name, compiling)
    try {
      return await Promise.race([compiling, this.#lost])
    } catch (cause) {
      throw cause instanceof EngineError
        ? cause
        : new EngineError(`${name} does not compile: ${String(cause)}`, { cause })
    }
  }

  /** Runs `work`, which submits before it first waits, and waits until the device found no error in what it submitted. */
  async whole<T>(work: () => Promise<T>): Promise<T> {
    this.device.pushErrorScope('out-of-memory')
    this.device.pushErrorScope('validation')
    const working = work()
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()]
    try {
      const [result, ...errors] = await Promise.race([Promise.all([working, ...scopes]), this.#lost])
      for (const error of errors) if (error !== null) throw new EngineError(`the GPU refused: ${error.message}`)
      return result
    } catch (error) {
      if (error instanceof EngineError) throw error
      // A loss may first be seen as a failure of what was under way.
      await Promise.race([this.#lost, Promise.resolve()])
      throw new EngineError(`the GPU failed: ${String(error)}`, { cause: error })
    }
  }
}

/** Constants, workgroups, accumulators, tables, lists. */
const bindingTypes = (tables: number): GPUBufferBindingType[] => [
  'uniform',
  'read-only-storage',
  'storage',
  ...Array.from({ length: tables }, () => 'read-only-storage' as const),
  'storage',
]

class WebGpuLaunch implements LoadedKernel {
  readonly #guard: DeviceGuard
  readonly #artifact: KernelArtifact
  readonly #program: KernelProgram
  readonly #launch: Launch
  readonly #pipeline: GPUComputePipeline
  readonly #workgroups: GPUBuffer
  readonly #slots: GPUBuffer
  readonly #read: GPUBuffer
  readonly #constants: GPUBuffer
  readonly #tables: readonly GPUBuffer[]
  readonly #buffers: GPUBuffer[] = []
  #lists: GPUBuffer | undefined
  readonly #slotBytes: number
  readonly #pace = new Pace()

  constructor(
    guard: DeviceGuard,
    artifact: KernelArtifact,
    program: KernelProgram,
    pipeline: GPUComputePipeline,
    launch: Launch,
  ) {
    this.#guard = guard
    this.#artifact = artifact
    this.#program = program
    this.#launch = launch
    this.#pipeline = pipeline
    this.#slotBytes = program.accumulators * 4
    const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage
    this.#constants = this.#filled(launch.constants, UNIFORM)
    this.#workgroups = this.#buffer(WORKGROUPS_MAX * 16, STORAGE | COPY_DST)
    this.#slots = this.#buffer(SLOTS * this.#slotBytes, STORAGE | COPY_SRC | COPY_DST)
    this.#read = this.#buffer(SLOTS * this.#slotBytes, MAP_READ | COPY_DST)
    this.#tables = paddedTables(artifact, launch).map(({ words }) => this.#filled(words, STORAGE))
  }

  async run(
    shards: readonly ShardRange[],
    emit: (shard: number, partial: Uint8Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const { encode } = this.#program
    const stride = listStride(this.#program, shards)
    const slots = Math.max(1, Math.min(SLOTS, stride === 0 ? SLOTS : Math.floor(LISTS_BYTES / 4 / stride)))
    const bindings = await this.#guard.whole(async () => this.#bind(slots, stride))
    let at: Cursor = { index: 0, units: 0 }
    while (at.index < shards.length) {
      signal?.throwIfAborted()
      const { unitsPerWorkgroupMax } = this.#artifact
      const dispatch = planDispatch(shards, at, this.#pace.units, slots, unitsPerWorkgroupMax, this.#guard.shape)
      const started = performance.now()
      const accumulators = await this.#guard.whole(() => this.#submit(dispatch, slots, bindings))
      this.#pace.measured(dispatch.units, performance.now() - started)
      const lists = await this.#guard.whole(() => this.#readLists(dispatch, slots, stride, accumulators))
      dispatch.ended.forEach((index, i) => {
        const range = shards[index]
        if (range === undefined) return
        const [words, list] = [accumulators[i] ?? new Uint32Array(), lists[i] ?? new Uint32Array()]
        emit(range.shard, encode(words, range.units, list, this.#launch))
      })
      at = dispatch.next
    }
  }

  close(): void {
    for (const buffer of this.#buffers) buffer.destroy()
    this.#lists?.destroy()
  }

  #bind(slots: number, stride: number): GPUBindGroup {
    const { device } = this.#guard
    const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage
    const size = 4 * (1 + Math.max(1, slots * stride))
    if (size > device.limits.maxStorageBufferBindingSize) {
      throw new EngineError(`a shard may list ${stride} words, more than this GPU binds at once`)
    }
    if (this.#lists === undefined || this.#lists.size < size) {
      this.#lists?.destroy()
      this.#lists = device.createBuffer({ size, usage: STORAGE | COPY_DST | COPY_SRC })
    }
    device.queue.writeBuffer(this.#lists, 0, Uint32Array.of(stride))
    const bound = [this.#constants, this.#workgroups, this.#slots, ...this.#tables].map((buffer) => ({ buffer }))
    return device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: [...bound, { buffer: this.#lists, size }].map((resource, binding) => ({ binding, resource })),
    })
  }

  /** Returns the accumulators of each shard that ended. */
  async #submit({ workgroups, begun, ended }: Dispatch, slots: number, bindings: GPUBindGroup): Promise<Uint32Array[]> {
    const { device } = this.#guard
    const bytes = this.#slotBytes
    device.queue.writeBuffer(this.#workgroups, 0, workgroups)
    const commands = device.createCommandEncoder()
    for (const index of begun) commands.clearBuffer(this.#slots, (index % slots) * bytes, bytes)
    const pass = commands.beginComputePass()
    pass.setPipeline(this.#pipeline)
    pass.setBindGroup(0, bindings)
    pass.dispatchWorkgroups(workgroups.length / 4)
    pass.end()
    ended.forEach((index, i) =>
      commands.copyBufferToBuffer(this.#slots, (index % slots) * bytes, this.#read, i * bytes, bytes),
    )
    device.queue.submit([commands.finish()])
    if (ended.length === 0) {
      await device.queue.onSubmittedWorkDone()
      return []
    }
    const words = await mappedWords(this.#read, ended.length * bytes)
    return ended.map((_, i) => words.subarray((i * bytes) / 4, ((i + 1) * bytes) / 4))
  }

  /** The used part of each ended shard's list: how long it is stands in its accumulators. */
  async #readLists(
    { ended }: Dispatch,
    slots: number,
    stride: number,
    accumulators: readonly Uint32Array[],
  ): Promise<Uint32Array[]> {
    const { device } = this.#guard
    const { listed } = this.#program
    if (listed === null) return []
    const lengths = accumulators.map((words) => words[listed.countAt] ?? 0)
    if (lengths.some((length) => length > stride)) throw new EngineError('the GPU listed more words than a shard can')
    const total = lengths.reduce((sum, length) => sum + length, 0)
    if (total === 0 || this.#lists === undefined) return lengths.map(() => new Uint32Array())
    const read = device.createBuffer({ size: 4 * total, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
    const commands = device.createCommandEncoder()
    const ends = lengths.map((length, i) => lengths.slice(0, i).reduce((sum, one) => sum + one, length))
    for (const [i, length] of lengths.entries()) {
      const from = 4 * (1 + ((ended[i] ?? 0) % slots) * stride)
      if (length > 0) commands.copyBufferToBuffer(this.#lists, from, read, 4 * ((ends[i] ?? 0) - length), 4 * length)
    }
    device.queue.submit([commands.finish()])
    const words = await mappedWords(read, 4 * total)
    read.destroy()
    return lengths.map((length, i) => words.subarray((ends[i] ?? 0) - length, ends[i]))
  }

  #filled(words: Uint32Array, usage: number): GPUBuffer {
    const buffer = this.#buffer(words.byteLength, usage | GPUBufferUsage.COPY_DST)
    this.#guard.device.queue.writeBuffer(buffer, 0, words)
    return buffer
  }

  #buffer(size: number, usage: number): GPUBuffer {
    const buffer = this.#guard.device.createBuffer({ size, usage })
    this.#buffers.push(buffer)
    return buffer
  }
}

async function mappedWords(buffer: GPUBuffer, bytes: number): Promise<Uint32Array> {
  await buffer.mapAsync(GPUMapMode.READ, 0, bytes)
  const words = new Uint32Array(buffer.getMappedRange(0, bytes).slice(0))
  buffer.unmap()
  return words
}

/** Words that a slot's list needs; 0 when the program lists none. */
function listStride({ listed }: KernelProgram, shards: readonly ShardRange[]): number {
  return listed === null ? 0 : shards.reduce((most, { units }) => Math.max(most, units * listed.wordsPerUnit), 1)
}
