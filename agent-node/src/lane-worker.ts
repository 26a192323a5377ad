// A worker thread with one engine in it.
import { parentPort, workerData } from 'node:worker_threads'
import { serveLane, type ToLane } from '@forge/shared/agent/engine-lane.ts'
import { laneEngine } from './lane-engine.ts'

const port = parentPort
if (port === null) throw new Error('lane-worker.ts runs in a worker thread')
serveLane(
  {
    send: (message) => port.postMessage(message),
    receive: (listener) => void port.on('message', (message: ToLane) => listener(message)),
  },
  laneEngine(workerData === 'reference' ? 'reference' : 'wasm'),
)
