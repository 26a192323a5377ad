// Dawn's WebGPU for a comparison: this machine's own GPU when Dawn finds one, else the software adapter that comes with
// the Chromium from npm.
import { createWebGpuEngine, type WebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import { EngineError } from '@forge/shared/agent/engines/engine.ts'
import type { KernelArtifact } from '@forge/shared/kernels/artifact.ts'
import { dawnGpu } from '../machine/dawn.ts'

// Dawn's objects must not outlive the instance that made them.
let system: GPU | undefined

/** Returns null, after telling `log` why, when this machine can have neither. */
export async function openGpu(
  artifacts: readonly KernelArtifact[],
  log: (line: string) => void,
): Promise<WebGpuEngine | null> {
  const real = await realGpu(artifacts, log)
  if (real !== null) return real
  const gpu = await dawnGpu(log)
  return gpu === null ? null : createWebGpuEngine(gpu, artifacts)
}

async function realGpu(
  artifacts: readonly KernelArtifact[],
  log: (line: string) => void,
): Promise<WebGpuEngine | null> {
  try {
    const { create, globals } = await import('webgpu')
    Object.assign(globalThis, globals)
    system ??= create([])
    const engine = await createWebGpuEngine(system, artifacts, { powerPreference: 'high-performance' })
    if (!engine.isFallback) return engine
    engine.close()
  } catch (error) {
    if (!(error instanceof EngineError)) log(`Dawn could not be started: ${String(error)}`)
  }
  return null
}
