// One WebGPU device: asked for with the limits that the kernels need, and guarded, so that every way in which it fails is
// an `EngineError` before anybody reads what it computed. What to do after a loss is webgpu-engine.ts's.
import type { KernelArtifact, KernelProgram } from '../../kernels/artifact.ts'
import { EngineAbsent, EngineError } from './engine.ts'
import { WebGpuBuffers } from './webgpu-buffers.ts'
import { HARDWARE, SOFTWARE, WORKGROUPS_MAX, type Shape } from './webgpu-pace.ts'

const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i
/** What a program's workgroup may keep: the least that WebGPU grants. */
const WORKGROUP_BYTES = 16_384
/** More is asked of no adapter, however long a list could become. */
const BINDING_BYTES_MAX = 2 ** 30
/** A call that failed because the device is gone may say so a little earlier than the device itself. */
const LOSS_LAG_MS = 500
const LATENCY_LOOKS = 3

/** The device is gone, another one may work. */
export class DeviceLost extends EngineError {}

/** Throws an `EngineError` when there is no adapter, or none that the kernels fit. */
export async function openDevice(
  gpu: GPU,
  artifacts: readonly KernelArtifact[],
  options: GPURequestAdapterOptions,
): Promise<WebGpuDevice> {
  const adapter = await gpu.requestAdapter(options)
  if (adapter === null) throw new EngineAbsent('this machine offers no WebGPU adapter')
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info
  const told = [vendor, architecture, description].filter((text) => text !== '').join(' ')
  const isFallback = isFallbackAdapter === true || SOFTWARE_NAMES.test(told)
  const kind = isFallback ? SOFTWARE : HARDWARE
  const { maxComputeInvocationsPerWorkgroup: invocations, maxComputeWorkgroupSizeX: wide } = adapter.limits
  const threads = Math.min(kind.threads, 2 ** Math.floor(Math.log2(Math.min(invocations, wide))))
  const shape = { ...kind, threads }
  const device = await adapter
    .requestDevice({ requiredLimits: limitsFor(artifacts, shape, adapter.limits) })
    .catch((cause: unknown) => {
      throw cause instanceof EngineError
        ? cause
        : new EngineError(`the adapter gave no device: ${String(cause)}`, { cause })
    })
  return new WebGpuDevice(device, shape, told, isFallback)
}

type Limit = Exclude<keyof GPUSupportedLimits, '__brand'>

/** By name, so that a device is never given less than a program meets later. */
function limitsFor(
  artifacts: readonly KernelArtifact[],
  { threads, slots }: Shape,
  granted: GPUSupportedLimits,
): Partial<Record<Limit, number>> {
  const programs = artifacts.flatMap((artifact) => Object.values(artifact.programs))
  const tables = artifacts.flatMap((artifact) => artifact.tables)
  const bound = Math.max(
    16 * WORKGROUPS_MAX,
    ...tables.map(({ words }) => 4 * words),
    ...programs.map(({ accumulators }) => 4 * accumulators * slots),
  )
  const needed = {
    maxComputeInvocationsPerWorkgroup: threads,
    maxComputeWorkgroupSizeX: threads,
    maxComputeWorkgroupStorageSize: WORKGROUP_BYTES,
    maxComputeWorkgroupsPerDimension: WORKGROUPS_MAX,
    // Workgroups, accumulators and lists beside the tables.
    maxStorageBuffersPerShaderStage: 3 + Math.max(0, ...artifacts.map((artifact) => artifact.tables.length)),
    maxUniformBufferBindingSize: Math.max(16, ...artifacts.map(({ constants }) => 4 * constants)),
    maxStorageBufferBindingSize: bound,
    maxBufferSize: bound,
  } satisfies Partial<Record<Limit, number>>
  for (const [name, least] of Object.entries(needed) as [keyof typeof needed, number][]) {
    if (granted[name] >= least) continue
    throw new EngineError(`the kernels need ${name} to be ${least}, and this GPU grants ${granted[name]}`)
  }
  // Lists are as long as a shard is great: what a run needs of this it checks itself.
  const longest = Math.max(0, ...programs.map((program) => 4 + 4 * listedWords(program, program.unitsMax)))
  const wanted = Math.max(bound, Math.min(longest, BINDING_BYTES_MAX))
  return {
    ...needed,
    maxStorageBufferBindingSize: Math.min(wanted, granted.maxStorageBufferBindingSize),
    maxBufferSize: Math.min(wanted, granted.maxBufferSize),
  }
}

/** Most words that a shard of so many units lists. */
export const listedWords = ({ listed }: KernelProgram, units: number): number =>
  listed === null ? 0 : listed.wordsPerUnit * units

export class WebGpuDevice {
  readonly device: GPUDevice
  readonly shape: Shape
  readonly buffers: WebGpuBuffers
  /** What the browser tells of the adapter. */
  readonly adapter: string
  /** It computes on the CPU. */
  readonly isFallback: boolean
  /**
   * How long it takes to hear that nothing was done. Firefox looks only ten times a second, and a pace that took that for
   * the device's own time would give it a unit at a time. 0 until it is known.
   */
  latencyMs = 0
  #submitted = 0
  isLost = false
  readonly #lost: Promise<never>
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()

  constructor(device: GPUDevice, shape: Shape, adapter: string, isFallback: boolean) {
    this.device = device
    this.shape = shape
    this.adapter = adapter
    this.isFallback = isFallback
    this.buffers = new WebGpuBuffers(device)
    this.#lost = device.lost.then(({ message }) => {
      this.isLost = true
      throw new DeviceLost(`the GPU device was lost: ${message}`)
    })
    // Whoever works on the device hears of it; an idle loss is nobody's unhandled rejection.
    this.#lost.catch(() => {})
    // Nobody waits for it: a device that says nothing is found out by whoever works on it.
    void this.#measureLatency().catch(() => {})
  }

  async #measureLatency(): Promise<void> {
    let least = Infinity
    for (let look = 0; look < LATENCY_LOOKS; look++) {
      const [started, submitted] = [performance.now(), this.#submitted]
      await this.device.queue.onSubmittedWorkDone()
      // What was submitted meanwhile took its time too.
      if (submitted === this.#submitted) least = Math.min(least, performance.now() - started)
    }
    if (least < Infinity) this.latencyMs = least
  }

  /** Compiled once for each text and what is made of it. */
  async pipeline(name: string, tables: number, { wgsl, overrides }: KernelProgram): Promise<GPUComputePipeline> {
    const constants = { ...overrides, THREADS: this.shape.threads }
    const compile = (): Promise<GPUComputePipeline> => {
      const module = this.device.createShaderModule({ code: wgsl.text })
      const layout = this.device.createPipelineLayout({ bindGroupLayouts: [this.#groupLayout(tables)] })
      return this.device.createComputePipelineAsync({ layout, compute: { module, entryPoint: 'main', constants } })
    }
    const key = JSON.stringify([wgsl.digest, tables, Object.entries(constants).toSorted()])
    const compiling = this.#pipelines.get(key) ?? compile()
    this.#pipelines.set(key, compiling)
    return this.#orLost(compiling, (cause) => `${name} does not compile: ${String(cause)}`)
  }

  /** Runs `work`, which submits before it first waits, and waits until the device found no error in what it submitted. */
  async whole<T>(work: () => Promise<T>): Promise<T> {
    this.#submitted++
    this.device.pushErrorScope('out-of-memory')
    this.device.pushErrorScope('validation')
    const working = work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()]
    const [done, ...errors] = await this.#orLost(Promise.all([working, ...scopes]), failed)
    // First what the device found wrong: a buffer that could not be mapped says less.
    for (const error of errors) if (error !== null) throw new EngineError(`the GPU refused: ${error.message}`)
    return 'value' in done ? done.value : this.#orLost(Promise.reject(done.error), failed)
  }

  close(): void {
    this.device.destroy()
  }

  async #orLost<T>(work: Promise<T>, sentence: (cause: unknown) => string): Promise<T> {
    try {
      return await Promise.race([work, this.#lost])
    } catch (cause) {
      if (cause instanceof EngineError) throw cause
      // A loss may first be seen as a failure of what was under way.
      await Promise.race([this.#lost, new Promise((resolve) => setTimeout(resolve, LOSS_LAG_MS))])
      throw new EngineError(sentence(cause), { cause })
    }
  }

  /** Written out, because a layout of the text's own would lack what the text does not use. */
  #groupLayout(tables: number): GPUBindGroupLayout {
    const types: GPUBufferBindingType[] = [
      'uniform',
      'read-only-storage',
      'storage',
      ...Array.from({ length: tables }, () => 'read-only-storage' as const),
      'storage',
    ]
    return this.device.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
    })
  }
}

const failed = (cause: unknown): string => `the GPU failed: ${String(cause)}`
