// WebGPU in Node, for tests of WGSL without a browser: Dawn from the npm package `webgpu`, computing on the SwiftShader
// that comes with the Chromium from npm. It is a CPU behind the GPU's interface, so it proves bytes and never speed.

import { existsSync } from 'node:fs'
import { symlink, unlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { unpackedChromium } from './chromium.ts'

// One instance for the life of the process: Dawn's objects must not outlive the instance that made them.
let instance: Promise<GPU | null> | undefined

/**
 * Returns null, after telling `log` why, when this machine cannot have it. Puts GPUBufferUsage and its kin on globalThis,
 * as a browser does. Call it on the main thread: a worker's process.env does not reach the Vulkan loader.
 */
export function dawnGpu(log: (line: string) => void = console.warn): Promise<GPU | null> {
  instance ??= openDawn(log)
  return instance
}

async function openDawn(log: (line: string) => void): Promise<GPU | null> {
  const swiftshader = await unpackedChromium(log)
  if (!swiftshader) return null
  try {
    await placeVulkanLoader(swiftshader)
    process.env['VK_ICD_FILENAMES'] = path.join(swiftshader, 'vk_swiftshader_icd.json')
    const { create, globals } = await import('webgpu')
    Object.assign(globalThis, globals)
    const gpu = create(['backend=vulkan'])
    if (await gpu.requestAdapter()) return gpu
    log('Dawn started, but found no adapter on SwiftShader.')
  } catch (error) {
    log(`Dawn could not be started: ${error instanceof Error ? error.message : String(error)}`)
  }
  return null
}

// Dawn looks for libvulkan.so.1 beside its own binary before it asks the system, and LD_LIBRARY_PATH is read only when a
// process starts. A link beside the binary therefore serves every process, and needs no second one to be started.
async function placeVulkanLoader(swiftshader: string): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('webgpu')
  const link = path.join(path.dirname(entry), 'dist', `${process.platform}-${process.arch}`, 'libvulkan.so.1')
  if (existsSync(link)) return
  await unlink(link).catch(() => undefined) // a link whose target is gone, from a cache that was cleared
  await symlink(path.join(swiftshader, 'libvulkan.so.1'), link).catch((error: unknown) => {
    if (!existsSync(link)) throw error // otherwise another process was quicker
  })
}
