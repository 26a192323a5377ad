// A nested worker with one engine in it; its name says which. A software adapter is taken only by `webgpu-any`, which the
// address asks for: WASM does the same work faster.
import { EngineAbsent } from '@forge/shared/agent/engines/engine.ts'
import { serveLane, type FromLane, type LaneEngine, type ToLane } from '@forge/shared/agent/engine-lane.ts'
import { DutyCycle } from '@forge/shared/agent/engines/duty-cycle.ts'
import { selfTest } from '@forge/shared/agent/engines/self-test.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { webGpuLane } from '@forge/shared/agent/engines/webgpu-lane.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'

const duty = new DutyCycle()

const wasm: LaneEngine = {
  duty,
  open: async () => createWasmEngine(artifacts, { duty }),
  selfTest: (engine, tables) => selfTest(engine, artifacts, tables),
  now: () => performance.now(),
}

async function gpu(): Promise<GPU> {
  if ('gpu' in navigator) return navigator.gpu
  throw new EngineAbsent('this browser has no WebGPU here: it is too old, or the address is not secure')
}

const moved = (message: FromLane): ArrayBuffer[] =>
  message.type === 'shard' && message.partial.buffer instanceof ArrayBuffer ? [message.partial.buffer] : []

serveLane(
  {
    // A partial is moved, not copied: what is copied stays here until somebody collects it.
    send: (message) => self.postMessage(message, { transfer: moved(message) }),
    receive(listener) {
      self.onmessage = ({ data }: MessageEvent<ToLane>) => listener(data)
    },
  },
  self.name === 'wasm' ? wasm : webGpuLane(gpu, artifacts, { software: self.name === 'webgpu-any', duty }),
)
