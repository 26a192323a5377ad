// A nested worker with one engine in it; its name says which. A software adapter is taken only by `webgpu-any`, which the
// address asks for: WASM does the same work faster.
import { EngineError, type Engine } from '@forge/shared/agent/engines/engine.ts'
import { serveLane, type ToLane } from '@forge/shared/agent/engine-lane.ts'
import { selfTest } from '@forge/shared/agent/engines/self-test.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { createWebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'

serveLane(
  {
    send: (message) => self.postMessage(message),
    receive(listener) {
      self.onmessage = ({ data }: MessageEvent<ToLane>) => listener(data)
    },
  },
  {
    open,
    selfTest: (engine, tables) => selfTest(engine, artifacts, tables),
    now: () => performance.now(),
  },
)

async function open(): Promise<Engine> {
  if (self.name === 'wasm') return createWasmEngine(artifacts)
  if (!('gpu' in navigator))
    throw new EngineError('This browser has no WebGPU here: it is too old, or the address is not secure.')
  const engine = await createWebGpuEngine(navigator.gpu, artifacts)
  if (!engine.isFallback || self.name === 'webgpu-any') return engine
  engine.close()
  throw new EngineError('The only adapter computes in software, where WASM is faster.')
}
