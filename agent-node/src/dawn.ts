// WebGPU in Node: Dawn, from the npm package `webgpu`, on whatever GPU this machine has. It is loaded when somebody asks
// for it, and may be missing: it comes as a binary for the usual platforms only.
import { EngineError } from '@forge/shared/agent/engines/engine.ts'
import type { LaneEngine } from '@forge/shared/agent/engine-lane.ts'
import { webGpuLane } from '@forge/shared/agent/engines/webgpu-lane.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'

/** One for the life of the process: Dawn's objects must not outlive the instance that made them. */
let instance: GPU | undefined

async function dawn(): Promise<GPU> {
  try {
    const { create, globals } = await import('webgpu')
    // GPUBufferUsage and its kin, as a browser has them.
    Object.assign(globalThis, globals)
    instance ??= create([])
  } catch (cause) {
    throw new EngineError(`the npm package webgpu does not run on this machine: ${String(cause)}`, { cause })
  }
  if (await instance.requestAdapter()) return instance
  throw new EngineError(
    'this machine offers no WebGPU adapter, which takes a driver for Vulkan, Metal or Direct3D 12; WASM runs without',
  )
}

export const dawnLane = (software: boolean): LaneEngine =>
  webGpuLane(dawn, artifacts, { software, powerPreference: 'high-performance' })
