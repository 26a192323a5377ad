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
      const pipeline = await guard.pipeline(`${kernel} ${launch.program}`, program)
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
  async pipeline(name: string, { wgsl, overrides }: KernelProgram): Promise<GPUComputePipeline> {
    const compile = (): Promise<GPUComputePipeline> => {
      const module = this.device.createShaderModule({ code: wgsl.text })
      const compute = { module, entryPoint: 'main', constants: { ...overrides, THREADS: this.shape.threads } }
      return this.device.createComputePipelineAsync({ layout: 'auto', compute })
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

class WebGpuLaunch implements LoadedKernel {
  readonly #guard: DeviceGuard
  readonly #artifact: KernelArtifact
  readonly #program: KernelProgram
  readonly #pipeline: GPUComputePipeline
  readonly #bindings: GPUBindGroup
  readonly #workgroups: GPUBuffer
  readonly #slots: GPUBuffer
  readonly #read: GPUBuffer
  readonly #buffers: GPUBuffer[] = []
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
    this.#pipeline = pipeline
    this.#slotBytes = program.accumulators * 4
    const { STORAGE, UNIFORM, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage
    const constants = this.#filled(launch.constants, UNIFORM)
    this.#workgroups = this.#buffer(WORKGROUPS_MAX * 16, STORAGE | COPY_DST)
    this.#slots = this.#buffer(SLOTS * this.#slotBytes, STORAGE | COPY_SRC | COPY_DST)
    this.#read = this.#buffer(SLOTS * this.#slotBytes, MAP_READ | COPY_DST)
    const tables = paddedTables(artifact, launch).map(({ words }) => this.#filled(words, STORAGE))
    this.#bindings = guard.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [constants, this.#workgroups, this.#slots, ...tables].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      })),
    })
  }

  async run(
    shards: readonly ShardRange[],
    emit: (shard: number, partial: Uint8Array) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    let at: Cursor = { index: 0, units: 0 }
    while (at.index < shards.length) {
      signal?.throwIfAborted()
      const { unitsPerWorkgroupMax } = this.#artifact
      const dispatch = planDispatch(shards, at, this.#pace.units, SLOTS, unitsPerWorkgroupMax, this.#guard.shape)
      const started = performance.now()
      const accumulators = await this.#guard.whole(() => this.#submit(dispatch))
      this.#pace.measured(dispatch.units, performance.now() - started)
      dispatch.ended.forEach((index, i) => {
        const range = shards[index]
        if (range === undefined) return
        const { accumulators: length, encode } = this.#program
        emit(range.shard, encode(accumulators.subarray(i * length, (i + 1) * length), range.units, new Uint32Array()))
      })
      at = dispatch.next
    }
  }

  close(): void {
    for (const buffer of this.#buffers) buffer.destroy()
  }

  /** Returns the accumulators of the shards that ended, one after another. */
  async #submit({ workgroups, begun, ended }: Dispatch): Promise<Uint32Array> {
    const { device } = this.#guard
    device.queue.writeBuffer(this.#workgroups, 0, workgroups)
    const commands = device.createCommandEncoder()
    for (const index of begun) commands.clearBuffer(this.#slots, (index % SLOTS) * this.#slotBytes, this.#slotBytes)
    const pass = commands.beginComputePass()
    pass.setPipeline(this.#pipeline)
    pass.setBindGroup(0, this.#bindings)
    pass.dispatchWorkgroups(workgroups.length / 4)
    pass.end()
    ended.forEach((index, i) => {
      const from = (index % SLOTS) * this.#slotBytes
      commands.copyBufferToBuffer(this.#slots, from, this.#read, i * this.#slotBytes, this.#slotBytes)
    })
    device.queue.submit([commands.finish()])
    if (ended.length === 0) {
      await device.queue.onSubmittedWorkDone()
      return new Uint32Array()
    }
    const bytes = ended.length * this.#slotBytes
    await this.#read.mapAsync(GPUMapMode.READ, 0, bytes)
    const words = new Uint32Array(this.#read.getMappedRange(0, bytes).slice(0))
    this.#read.unmap()
    return words
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
