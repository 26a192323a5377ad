// Engines of a Node agent: lanes in worker threads, or one lane in this thread, which tests and small helpers want.
// WebGPU belongs to browsers; here are WASM and the reference.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { chooseEngine, type EngineChoice } from '@forge/shared/agent/engine-host.ts'
import { serveLane, type FromLane, type Lane, type ToLane } from '@forge/shared/agent/engine-lane.ts'
import { knownTables } from '@forge/shared/agent/known-tables.ts'
import { laneHost } from '@forge/shared/agent/lane-host.ts'
import type { TableSource } from '@forge/shared/agent/link.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { laneEngine, type NodeEngineName } from './lane-engine.ts'

export function nodeEngines(
  engine: NodeEngineName,
  threads: number,
  tables: TableSource,
  changed: () => void,
): EngineChoice {
  const open = async () =>
    laneHost({
      engine,
      lanes: threads === 0 ? [sameThreadLane(engine)] : Array.from({ length: threads }, () => threadLane(engine)),
      batchMax: 1,
      knownTables: (isOver) => knownTables(artifacts, tables, isOver),
    })
  return chooseEngine([{ engine, open, chances: 3 }], changed)
}

function threadLane(engine: NodeEngineName): Lane {
  const worker = new Worker(new URL('lane-worker.start.mjs', import.meta.url), { execArgv: [], workerData: engine })
  return {
    send: (message) => worker.postMessage(message),
    receive: (listener) => void worker.on('message', (message: FromLane) => listener(message)),
    crashed: (listener) => void worker.on('error', (error) => listener(error.message)),
    terminate: () => void worker.terminate(),
  }
}

function sameThreadLane(engine: NodeEngineName): Lane {
  // Messages still travel through a channel, so that an abort and the socket are heard between two shards.
  const { port1, port2 } = new MessageChannel()
  const receive =
    <Message>(port: MessagePort) =>
    (listener: (message: Message) => void): void =>
      void port.on('message', listener)
  serveLane({ send: (message) => port2.postMessage(message), receive: receive<ToLane>(port2) }, laneEngine(engine))
  return {
    send: (message) => port1.postMessage(message),
    receive: receive<FromLane>(port1),
    crashed: () => {},
    terminate: () => port1.close(),
  }
}
