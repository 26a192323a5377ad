// Engines of a Node agent: lanes in worker threads, or one lane in this thread, which tests and small helpers want. WebGPU
// always has the one in this thread: it waits for the GPU most of the time, and Dawn wants to live and die with its thread.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import {
  chooseEngine,
  type EngineCandidate,
  type EngineChoice,
  type EngineHost,
} from '@forge/shared/agent/engine-host.ts'
import { serveLane, type FromLane, type Lane, type LaneEngine, type ToLane } from '@forge/shared/agent/engine-lane.ts'
import { knownTables } from '@forge/shared/agent/known-tables.ts'
import { laneHost } from '@forge/shared/agent/lane-host.ts'
import type { TableSource } from '@forge/shared/agent/link.ts'
import type { EngineName } from '@forge/shared/contract/ids.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { dawnLane } from './dawn.ts'
import { laneEngine, type NodeEngineName } from './lane-engine.ts'
import { typescriptThread } from './typescript-thread.ts'

/** `auto`: WebGPU where there is a real GPU that passes, else WASM. */
export type NodeEngineChoice = NodeEngineName | 'webgpu' | 'auto'

/** As often as WASM and the reference may be lost; WebGPU forgives its devices itself. */
const CHANCES = 3

export function nodeEngines(
  choice: NodeEngineChoice,
  threads: number,
  tables: TableSource,
  changed: () => void,
): EngineChoice {
  const host = (
    engine: EngineName,
    lanes: readonly Lane[],
    batchMax: number,
    notice: (sentence: string) => void,
  ): EngineHost =>
    laneHost({ engine, lanes, batchMax, notice, knownTables: (isOver) => knownTables(artifacts, tables, isOver) })
  const onCpu = (engine: NodeEngineName): EngineCandidate => ({
    engine,
    chances: CHANCES,
    open: async (notice) =>
      host(
        engine,
        threads === 0
          ? [sameThreadLane(laneEngine(engine))]
          : await Promise.all(Array.from({ length: threads }, () => threadLane(engine))),
        1,
        notice,
      ),
  })
  const onGpu: EngineCandidate = {
    engine: 'webgpu',
    chances: 1,
    // Asked for by name, it takes an adapter in software too.
    open: async (notice) => host('webgpu', [sameThreadLane(dawnLane(choice === 'webgpu'))], Infinity, notice),
  }
  return chooseEngine(candidates(choice, onGpu, onCpu), changed)
}

function candidates(
  choice: NodeEngineChoice,
  onGpu: EngineCandidate,
  onCpu: (engine: NodeEngineName) => EngineCandidate,
): readonly EngineCandidate[] {
  switch (choice) {
    case 'webgpu':
      return [onGpu]
    case 'auto':
      return [onGpu, onCpu('wasm')]
    case 'wasm':
    case 'reference':
      return [onCpu(choice)]
  }
}

async function threadLane(engine: NodeEngineName): Promise<Lane> {
  const worker = await typescriptThread(new URL('lane-worker.ts', import.meta.url), engine)
  return {
    send: (message) => worker.postMessage(message),
    receive: (listener) => void worker.on('message', (message: FromLane) => listener(message)),
    crashed: (listener) => void worker.on('error', (error) => listener(error.message)),
    terminate: () => void worker.terminate(),
  }
}

function sameThreadLane(engine: LaneEngine): Lane {
  // Messages still travel through a channel, so that an abort and the socket are heard between two shards.
  const { port1, port2 } = new MessageChannel()
  const receive =
    <Message>(port: MessagePort) =>
    (listener: (message: Message) => void): void =>
      void port.on('message', listener)
  serveLane({ send: (message) => port2.postMessage(message), receive: receive<ToLane>(port2) }, engine)
  return {
    send: (message) => port1.postMessage(message),
    receive: receive<FromLane>(port1),
    crashed: () => {},
    terminate: () => port1.close(),
  }
}
