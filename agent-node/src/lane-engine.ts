// The engine inside a lane of a Node agent.
import { performance } from 'node:perf_hooks'
import type { LaneEngine } from '@forge/shared/agent/engine-lane.ts'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { selfTest } from '@forge/shared/agent/engines/self-test.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'

export type NodeEngineName = 'wasm' | 'reference'

export const laneEngine = (name: NodeEngineName): LaneEngine => ({
  open: async () => (name === 'wasm' ? createWasmEngine(artifacts) : createReferenceEngine(artifacts)),
  selfTest: (engine, tables) => selfTest(engine, artifacts, tables),
  now: () => performance.now(),
})
