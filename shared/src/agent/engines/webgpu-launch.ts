// A launch on one device: its pipeline, constants and tables. Runs take what else they need from the device's buffers.
import { paddedTables, type KernelArtifact, type KernelProgram } from '../../kernels/artifact.ts'
import type { Launch, ShardRange } from '../../kernels/kernel.ts'
import type { DutyCycle } from './duty-cycle.ts'
import { EngineError, type Computed, type LoadedKernel } from './engine.ts'
import type { WebGpuDevice } from './webgpu-device.ts'
import type { Pace } from './webgpu-pace.ts'
import { WebGpuRun } from './webgpu-run.ts'

/** Everything that a run on any device starts from. */
export interface LaunchOrder {
  readonly artifact: KernelArtifact
  readonly program: KernelProgram
  readonly launch: Launch
  /** Learnt by one run, used by the next. */
  readonly pace: Pace
  readonly duty: DutyCycle
}

export async function loadOnDevice(on: WebGpuDevice, order: LaunchOrder): Promise<WebGpuLaunch> {
  const { artifact, program, launch } = order
  const name = `${artifact.name} ${launch.program}`
  const pipeline = await on.pipeline(name, artifact.tables.length, program)
  return on.whole(async () => new WebGpuLaunch(on, order, pipeline))
}

export class WebGpuLaunch implements LoadedKernel {
  readonly on: WebGpuDevice
  readonly order: LaunchOrder
  readonly pipeline: GPUComputePipeline
  readonly constants: GPUBuffer
  readonly tables: readonly GPUBuffer[]
  #runs = 0
  #closed = false

  constructor(on: WebGpuDevice, order: LaunchOrder, pipeline: GPUComputePipeline) {
    this.on = on
    this.order = order
    this.pipeline = pipeline
    this.constants = this.#filled(order.launch.constants, GPUBufferUsage.UNIFORM)
    this.tables = paddedTables(order.artifact, order.launch).map(({ words }) =>
      this.#filled(words, GPUBufferUsage.STORAGE),
    )
  }

  async run(
    shards: readonly ShardRange[],
    emit: (shard: number, partial: Uint8Array) => void,
    signal?: AbortSignal,
    computed: Computed = () => {},
  ): Promise<void> {
    if (shards.length === 0) return
    const { unitsMax } = this.order.program
    const tooGreat = shards.find(({ units }) => units > unitsMax)
    if (tooGreat) throw new EngineError(`a shard of ${tooGreat.units} units exceeds ${unitsMax}`)
    this.#runs++
    try {
      const run = await this.on.whole(async () => new WebGpuRun(this, shards, { emit, computed }))
      await run.complete(signal)
    } finally {
      this.#runs--
      this.#release()
    }
  }

  close(): void {
    this.#closed = true
    this.#release()
  }

  /** Not under a run: another launch would write its tables into what that one reads. */
  #release(): void {
    if (!this.#closed || this.#runs > 0) return
    for (const buffer of [this.constants, ...this.tables]) this.on.buffers.give(buffer)
    this.#closed = false
  }

  #filled(words: Uint32Array, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.on.buffers.take(words.byteLength, usage | GPUBufferUsage.COPY_DST)
    this.on.device.queue.writeBuffer(buffer, 0, words)
    return buffer
  }
}
