// The machine's own check: WGSL run by Dawn in Node gives the bytes that it must, with 32-bit wrap-around.
// What the kernels compute is their own tests' business.

import { expect, test } from 'vitest'
import { dawnGpu } from './dawn.ts'

const SHADER = `
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) { out[id.x] = id.x * 0x9e3779b9u; }`

test('a compute shader runs on SwiftShader', { timeout: 60_000 }, async ({ skip }) => {
  const reasons: string[] = []
  const gpu = await dawnGpu((line) => reasons.push(line))
  if (!gpu) return skip(reasons.join(' '))
  const adapter = await gpu.requestAdapter()
  expect(adapter?.info.architecture).toBe('swiftshader')
  const device = await adapter?.requestDevice()
  if (!device) throw new Error('the adapter gave no device')

  const module = device.createShaderModule({ code: SHADER })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } })
  const out = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC })
  const read = device.createBuffer({ size: 256, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
  const layout = pipeline.getBindGroupLayout(0)
  const commands = device.createCommandEncoder()
  const pass = commands.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: out } }] }))
  pass.dispatchWorkgroups(1)
  pass.end()
  commands.copyBufferToBuffer(out, 0, read, 0, 256)
  device.queue.submit([commands.finish()])
  await read.mapAsync(GPUMapMode.READ)

  const words = [...new Uint32Array(read.getMappedRange().slice(0))]
  expect(words).toEqual(Array.from({ length: 64 }, (_, i) => Math.imul(i, 0x9e3779b9) >>> 0))
  device.destroy()
})
