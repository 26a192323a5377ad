// WebGPU as a lane's engine, for a browser's worker and for Node: it keeps the tables of the self-test, because a device
// that replaces a lost one has to pass it again.
import type { KernelArtifact } from '../../kernels/artifact.ts'
import type { KnownTables, LaneEngine } from '../engine-lane.ts'
import { EngineError } from './engine.ts'
import { selfTest } from './self-test.ts'
import { createWebGpuEngine, type WebGpuOptions } from './webgpu-engine.ts'

export interface WebGpuLaneOptions extends Pick<WebGpuOptions, 'powerPreference' | 'duty'> {
  /** Take an adapter that computes on the CPU, too. */
  readonly software: boolean
}

/** `gpu` rejects with a sentence where there is none. */
export function webGpuLane(
  gpu: () => Promise<GPU>,
  artifacts: readonly KernelArtifact[],
  { software, ...options }: WebGpuLaneOptions,
): LaneEngine {
  let known: KnownTables = new Map()
  return {
    duty: options.duty,
    async open(notice) {
      const retest = (fresh: Parameters<typeof selfTest>[0]): Promise<unknown> => selfTest(fresh, artifacts, known)
      const reopened = (losses: number): void =>
        notice(`The device was lost ${losses === 1 ? 'once' : `${losses} times`}; a new one passed too, and goes on.`)
      const engine = await createWebGpuEngine(await gpu(), artifacts, { ...options, retest, reopened })
      if (!engine.isFallback || software) return engine
      engine.close()
      throw new EngineError('the only adapter computes in software, where WASM is faster')
    },
    selfTest(engine, tables) {
      known = tables
      return selfTest(engine, artifacts, tables)
    },
    now: () => performance.now(),
  }
}
