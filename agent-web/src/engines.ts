// The engines of a tab: lanes in nested workers, one for WebGPU or several for WASM, and the order in which they are
// tried. Each keeps to the share of the time that the volunteer left it, whichever is at work.
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
import type { AgentOptions, Shares } from './messages.ts'
import { KINDS } from './text.ts'

/** After its third loss WASM rests. WebGPU forgives its devices itself, so what it loses is lost for good. */
const WASM_CHANCES = 3

type Engine = 'webgpu' | 'wasm'

export interface TabEngines {
  choice(tables: TableSource, changed: () => void): EngineChoice
  setShares(shares: Shares): void
}

export function tabEngines(options: AgentOptions): TabEngines {
  const { engine, threads } = options
  const taken = artifacts.filter(({ name }) => takesKernel(options, name))
  let { shares } = options
  let current: { readonly name: Engine; readonly host: EngineHost } | undefined
  const shareOf = (name: Engine): number => (name === 'webgpu' ? shares.gpu : shares.cpu)
  return {
    choice(tables, changed) {
      const open = (
        name: Engine,
        workers: readonly string[],
        batchMax: number,
        notice: (sentence: string) => void,
      ): EngineHost => {
        const host = laneHost({
          engine: name,
          lanes: workers.map(workerLane),
          batchMax,
          share: shareOf(name),
          knownTables: (isOver) => knownTables(artifacts, tables, isOver),
          notice,
        })
        current = { name, host: offering(host, taken) }
        return current.host
      }
      const webgpu: EngineCandidate = {
        engine: 'webgpu',
        chances: 1,
        open: async (notice) => open('webgpu', [engine === 'webgpu' ? 'webgpu-any' : 'webgpu'], Infinity, notice),
      }
      const wasm: EngineCandidate = {
        engine: 'wasm',
        chances: WASM_CHANCES,
        open: async (notice) =>
          open(
            'wasm',
            Array.from({ length: threads }, () => 'wasm'),
            1,
            notice,
          ),
      }
      const candidates = engine === undefined ? [webgpu, wasm] : [engine === 'webgpu' ? webgpu : wasm]
      return chooseEngine(candidates, changed)
    },
    setShares(next) {
      shares = next
      current?.host.setShare(shareOf(current.name))
    },
  }
}

const takesKernel = ({ declined, unnamed }: AgentOptions, name: string): boolean =>
  name in KINDS ? !declined.includes(name) : unnamed

/** All kernels are tested; only those that the volunteer takes are offered to the pool, which hands out no others. */
function offering(host: EngineHost, taken: typeof artifacts): EngineHost {
  const names = new Set(taken.map(({ name }) => name))
  return {
    engine: host.engine,
    lanes: host.lanes,
    selfTest: async () => (await host.selfTest()).filter(({ kernel }) => names.has(kernel)),
    run: (order, observer, signal) => host.run(order, observer, signal),
    setShare: (share) => host.setShare(share),
    busyMs: () => host.busyMs(),
    close: () => host.close(),
  }
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
