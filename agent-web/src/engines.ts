// The engines of a tab: lanes in nested workers, one for WebGPU or several for WASM, and the order in which they are
// tried.
import {
  chooseEngine,
  type EngineCandidate,
  type EngineChoice,
  type EngineHost,
} from '@forge/shared/agent/engine-host.ts'
import type { FromLane, Lane } from '@forge/shared/agent/engine-lane.ts'
import { knownTables } from '@forge/shared/agent/known-tables.ts'
import { laneHost } from '@forge/shared/agent/lane-host.ts'
import type { TableSource } from '@forge/shared/agent/link.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import type { AgentOptions } from './options.ts'

/** After its third loss WASM rests. WebGPU forgives its devices itself, so what it loses is lost for good. */
const WASM_CHANCES = 3

export function tabEngines({ engine, threads }: AgentOptions, tables: TableSource, changed: () => void): EngineChoice {
  const host = (name: 'webgpu' | 'wasm', workers: readonly string[], batchMax: number): EngineHost =>
    laneHost({
      engine: name,
      lanes: workers.map(workerLane),
      batchMax,
      knownTables: (isOver) => knownTables(artifacts, tables, isOver),
    })
  const webgpu: EngineCandidate = {
    engine: 'webgpu',
    chances: 1,
    open: async () => host('webgpu', [engine === 'webgpu' ? 'webgpu-any' : 'webgpu'], Infinity),
  }
  const wasm: EngineCandidate = {
    engine: 'wasm',
    chances: WASM_CHANCES,
    open: async () =>
      host(
        'wasm',
        Array.from({ length: threads }, () => 'wasm'),
        1,
      ),
  }
  const candidates = engine === undefined ? [webgpu, wasm] : [engine === 'webgpu' ? webgpu : wasm]
  return chooseEngine(candidates, changed)
}

function workerLane(name: string): Lane {
  const worker = new Worker(new URL('./engine-worker.ts', import.meta.url), { type: 'module', name })
  return {
    send: (message) => worker.postMessage(message),
    receive(listener) {
      worker.onmessage = ({ data }: MessageEvent<FromLane>) => listener(data)
    },
    crashed(listener) {
      worker.onerror = ({ message }) => listener(message || 'it could not start')
    },
    terminate: () => worker.terminate(),
  }
}
