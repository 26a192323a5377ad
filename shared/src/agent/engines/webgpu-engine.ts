// The WebGPU engine: it outlives its devices. When one is lost, the run goes on with the next shard on a new one, in
// dispatches of half the size, after the known answers came out right there; the third loss within ten minutes is the
// engine's own. It takes the GPU as an object, so that windows, workers and Dawn in Node are alike to it.
import { programOf, type KernelArtifact } from '../../kernels/artifact.ts'
import type { Launch, ShardRange } from '../../kernels/kernel.ts'
import { DutyCycle } from './duty-cycle.ts'
import { EngineAbsent, EngineError, type Computed, type Engine, type LoadedKernel } from './engine.ts'
import { DeviceLost, openDevice, type WebGpuDevice } from './webgpu-device.ts'
import { loadOnDevice, type LaunchOrder, type WebGpuLaunch } from './webgpu-launch.ts'
import { WebGpuLosses } from './webgpu-losses.ts'
import { Pace } from './webgpu-pace.ts'

/** After a loss the browser may need a moment to start its GPU process again. */
const REOPEN_WAITS_MS = [0, 250, 1000, 4000] as const
/** A browser that has just been started may say for a moment that there is no adapter, because its GPU process is not up yet. */
const FIRST_WAITS_MS = [100, 400] as const

export interface WebGpuEngine extends Engine {
  /** The adapter computes on the CPU, where WASM is faster. */
  readonly isFallback: boolean
  /** What the browser tells of the adapter, for the volunteer's page. */
  readonly adapter: string
}

export interface WebGpuOptions extends GPURequestAdapterOptions {
  /** Asked of every device but the first, before it gives a shard. Rejects when the device computes wrongly. */
  readonly retest?: (fresh: Engine) => Promise<unknown>
  /** A new device has taken the place of a lost one; `losses` within ten minutes, this one included. */
  readonly reopened?: ((losses: number) => void) | undefined
  /** Milliseconds on a clock that never jumps. */
  readonly now?: () => number
  /** How much of the time the device may work; all of it unless said. */
  readonly duty?: DutyCycle | undefined
}

/** Throws an `EngineError` when there is no adapter, it does not grant what the kernels need, or it gives no device. */
export async function createWebGpuEngine(
  gpu: GPU,
  artifacts: readonly KernelArtifact[],
  options: WebGpuOptions = {},
): Promise<WebGpuEngine> {
  const { retest, reopened, now, duty, ...adapterOptions } = options
  const open = (): Promise<WebGpuDevice> => openDevice(gpu, artifacts, adapterOptions)
  return new EngineOnDevices(artifacts, await openedFirst(open), {
    open,
    retest: retest ?? (async () => {}),
    reopened: reopened ?? (() => {}),
    now: now ?? (() => performance.now()),
    duty: duty ?? new DutyCycle(),
  })
}

async function openedFirst(open: () => Promise<WebGpuDevice>): Promise<WebGpuDevice> {
  for (const waitMs of FIRST_WAITS_MS) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof EngineAbsent)) throw error
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
  return open()
}

interface World {
  open(): Promise<WebGpuDevice>
  retest(fresh: Engine): Promise<unknown>
  reopened(losses: number): void
  now(): number
  readonly duty: DutyCycle
}

class EngineOnDevices implements WebGpuEngine {
  readonly name = 'webgpu'
  readonly isFallback: boolean
  readonly adapter: string
  readonly #artifacts: readonly KernelArtifact[]
  readonly #world: World
  readonly #losses = new WebGpuLosses()
  #device: WebGpuDevice
  /** The device that works, or why there is none any more. */
  #current: Promise<WebGpuDevice>
  #closed = false

  constructor(artifacts: readonly KernelArtifact[], device: WebGpuDevice, world: World) {
    this.#artifacts = artifacts
    this.#world = world
    this.#device = device
    this.#current = Promise.resolve(device)
    this.isFallback = device.isFallback
    this.adapter = device.adapter
  }

  async load(kernel: string, launch: Launch): Promise<LoadedKernel> {
    const { now, duty } = this.#world
    const order = { ...orderOf(this.#artifacts, kernel, launch, this.#losses.count(now())), duty }
    const first = await this.survive((device) => loadOnDevice(device, order))
    return new SurvivingLaunch(this, order, first)
  }

  close(): void {
    this.#closed = true
    this.#device.close()
  }

  /** Does the work on the device that there is, and again on the next one when that is lost. */
  async survive<T>(work: (device: WebGpuDevice) => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      const device = await unlessAborted(this.#current, signal)
      try {
        return await work(device)
      } catch (error) {
        if (!(error instanceof DeviceLost) || this.#closed) throw error
        // Two runs may see the same loss: the first one replaces the device.
        if (device === this.#device && device.isLost) this.#replace(device)
      }
    }
  }

  #replace(lost: WebGpuDevice): void {
    this.#current = this.#reopened(lost)
    // Whoever works next hears of it.
    this.#current.catch(() => {})
  }

  async #reopened(lost: WebGpuDevice): Promise<WebGpuDevice> {
    const { now, retest, reopened } = this.#world
    for (let gone = lost; ; gone = this.#device) {
      gone.close()
      this.#losses.add(now())
      if (this.#losses.areEnough(now())) throw new EngineError('the GPU was lost three times within ten minutes')
      this.#device = await this.#opened()
      try {
        await retest(engineOn(this.#device, this.#artifacts))
        reopened(this.#losses.count(now()))
        return this.#device
      } catch (error) {
        if (!this.#device.isLost) throw error
      }
    }
  }

  async #opened(): Promise<WebGpuDevice> {
    let refusal: unknown
    for (const waitMs of REOPEN_WAITS_MS) {
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      if (this.#closed) break
      try {
        const device = await this.#world.open()
        if (!this.#closed && (!device.isFallback || this.isFallback)) return device
        // A browser whose GPU process crashed too often computes on the CPU from then on, where WASM is faster.
        device.close()
        refusal = new EngineError('the GPU was lost, and only an adapter in software is left')
      } catch (error) {
        refusal = error
      }
    }
    throw this.#closed ? new EngineError('the engine was closed after its GPU device was lost') : refusal
  }
}

/** An engine on one device alone: what is lost there is lost. */
const engineOn = (device: WebGpuDevice, artifacts: readonly KernelArtifact[]): Engine => ({
  name: 'webgpu',
  load: async (kernel, launch) => loadOnDevice(device, orderOf(artifacts, kernel, launch, 0)),
  close: () => device.close(),
})

function orderOf(
  artifacts: readonly KernelArtifact[],
  kernel: string,
  launch: Launch,
  recentLosses: number,
): LaunchOrder {
  const artifact = artifacts.find(({ name }) => name === kernel)
  if (artifact === undefined) throw new EngineError(`this agent has no kernel ${kernel}`)
  return {
    artifact,
    program: programOf(artifact, launch),
    launch,
    pace: new Pace(recentLosses),
    duty: new DutyCycle(),
  }
}

class SurvivingLaunch implements LoadedKernel {
  readonly #engine: EngineOnDevices
  readonly #order: LaunchOrder
  #loaded: WebGpuLaunch

  constructor(engine: EngineOnDevices, order: LaunchOrder, loaded: WebGpuLaunch) {
    this.#engine = engine
    this.#order = order
    this.#loaded = loaded
  }

  async run(
    shards: readonly ShardRange[],
    emit: (shard: number, partial: Uint8Array) => void,
    signal?: AbortSignal,
    computed: Computed = () => {},
  ): Promise<void> {
    let emitted = 0
    await this.#engine.survive(async (device) => {
      if (this.#loaded.on !== device) {
        this.#order.pace.halve()
        this.#loaded = await loadOnDevice(device, this.#order)
      }
      // They come in their order, so what was not handed out is what stands behind.
      const before = shards.slice(0, emitted).reduce((sum, { units }) => sum + units, 0)
      await this.#loaded.run(
        shards.slice(emitted),
        (shard, partial) => {
          emitted++
          emit(shard, partial)
        },
        signal,
        (units) => computed(before + units),
      )
    }, signal)
  }

  close(): void {
    this.#loaded.close()
  }
}

/** Whoever stops does not wait for a new device. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  signal.throwIfAborted()
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
