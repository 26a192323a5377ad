// What an engine is: it loads a launch of a kernel and runs shards of it. The three engines (WebGPU, WASM, reference)
// return the same bytes; whoever calls them cannot tell which one ran.
import type { EngineName } from '../../contract/ids.ts'
import type { Launch, ShardRange } from '../../kernels/kernel.ts'

export interface Engine {
  readonly name: EngineName
  /** Prepares a launch: compiles, uploads tables. Throws an `EngineError` when this machine cannot run it. */
  load(kernel: string, launch: Launch): Promise<LoadedKernel>
  close(): void
}

/**
 * Hears how many units of a run are computed, those of unfinished shards included: often, and inside a long shard too.
 * The count falls back when a device is lost with what it had begun.
 */
export type Computed = (units: number) => void

export interface LoadedKernel {
  /**
   * Runs the shards in the order given and hands out each encoded partial as soon as it is whole. When `signal` aborts
   * it rejects with the signal's reason after at most one shard or dispatch; shards handed out before stay valid.
   */
  run(
    shards: readonly ShardRange[],
    emit: (shard: number, partial: Uint8Array) => void,
    signal?: AbortSignal,
    computed?: Computed,
  ): Promise<void>
  close(): void
}

/** This machine cannot run the kernel on this engine: no adapter, a lost device, a failed compilation. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError'
}

/** There is no such engine here at all: nothing was tried, and nothing is wrong. */
export class EngineAbsent extends EngineError {
  override readonly name = 'EngineAbsent'
}
