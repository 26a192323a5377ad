// The WebGPU engine on Dawn: every kernel's case suite, and how a device fails. It stands here and not beside the engine,
// because shared imports nobody else and Dawn is this machine's.

import { EngineError } from '@forge/shared/agent/engines/engine.ts'
import { createWebGpuEngine, type WebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import { itComputes } from '@forge/shared/kernels/kernel.case.ts'
import { insuranceCase } from '@forge/shared/kernels/mc.insurance.v1/insurance.case.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dawnGpu } from './dawn.ts'

const why: string[] = []
const gpu = await dawnGpu((line) => why.push(line))
const { artifact } = insuranceCase

async function open(): Promise<WebGpuEngine> {
  if (gpu === null) throw new Error(why.join(' '))
  return createWebGpuEngine(gpu, [artifact])
}

describe.skipIf(gpu === null)('WebGPU on Dawn', () => {
  itComputes(insuranceCase, 'webgpu', { open, unitsMax: 40_001 })

  it('tells a software adapter from a GPU', async () => {
    const engine = await open()
    expect(engine.adapter).toMatch(/swiftshader/i)
    expect(engine.isFallback).toBe(true)
    engine.close()
  })

  const [launch] = fc.sample(insuranceCase.launches, { numRuns: 1, seed: 7 })
  if (launch === undefined) throw new Error('a kernel has launches')
  const shards = Array.from({ length: 300 }, (_, shard) => ({ shard, firstUnit: BigInt(shard), units: 1 }))

  it('rejects with an EngineError when it is closed', { timeout: 60_000 }, async () => {
    const engine = await open()
    const loaded = await engine.load(artifact.name, launch)
    const running = loaded.run(shards, (shard) => {
      if (shard === 0) engine.close()
    })
    await expect(running).rejects.toBeInstanceOf(EngineError)
    await expect(running).rejects.toThrow('lost')
    await expect(engine.load(artifact.name, launch)).rejects.toBeInstanceOf(EngineError)
  })
})

it('says that there is no adapter', async () => {
  const none = { requestAdapter: async () => null }
  await expect(createWebGpuEngine(none as unknown as GPU, [artifact])).rejects.toThrow('offers no WebGPU adapter')
})
