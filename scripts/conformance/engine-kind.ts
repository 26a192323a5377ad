// The ways in which a program can be run, and an engine for each. Where an agent falls back without a word, as from SIMD
// to scalar code, a kind refuses: a comparison must know what it compared.
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { EngineError } from '@forge/shared/agent/engines/engine.ts'
import { createReferenceEngine } from '@forge/shared/agent/engines/reference-engine.ts'
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { createWebGpuEngine } from '@forge/shared/agent/engines/webgpu-engine.ts'
import type { KernelArtifact, KernelProgram, Program } from '@forge/shared/kernels/artifact.ts'

/** `wasm` is what an agent runs here: SIMD where there is any. */
export type EngineKind = 'reference' | 'scalar' | 'simd' | 'wasm' | 'webgpu'

/** Program texts to run instead, by the digest of the right one: how a test breaks a program on purpose. */
export type Texts = Readonly<Record<string, string>>

/** Whether somebody wrote the program for it. */
export const isWritten = (kind: EngineKind, { wasmSimd }: KernelProgram): boolean =>
  kind !== 'simd' || wasmSimd !== null

/** Throws an `EngineError` when it cannot be had here. */
export async function openEngine(
  kind: EngineKind,
  artifacts: readonly KernelArtifact[],
  gpu: GPU | undefined,
): Promise<Engine> {
  switch (kind) {
    case 'reference':
      return createReferenceEngine(artifacts)
    case 'scalar':
      return createWasmEngine(artifacts, { simd: false })
    case 'simd':
      return createWasmEngine(artifacts.map(simdAlone))
    case 'wasm':
      return createWasmEngine(artifacts)
    case 'webgpu':
      if (gpu === undefined) throw new EngineError('there is no WebGPU here')
      return createWebGpuEngine(gpu, artifacts)
  }
}

/** SIMD in the place of the scalar text, so that a machine which cannot compile it has nothing to fall back to. */
function simdAlone(artifact: KernelArtifact): KernelArtifact {
  const programs = Object.entries(artifact.programs).flatMap(([name, program]) =>
    program.wasmSimd === null ? [] : [[name, { ...program, wasm: program.wasmSimd, wasmSimd: null }] as const],
  )
  return { ...artifact, programs: Object.fromEntries(programs) }
}

export function withTexts(artifacts: readonly KernelArtifact[], texts: Texts): KernelArtifact[] {
  const replaced = ({ digest, text }: Program): Program => ({ digest, text: texts[digest] ?? text })
  return artifacts.map((artifact) => {
    const programs = Object.entries(artifact.programs).map(([name, program]) => {
      const { wasm, wasmSimd, wgsl } = program
      const texted = { wasm: replaced(wasm), wasmSimd: wasmSimd && replaced(wasmSimd), wgsl: replaced(wgsl) }
      return [name, { ...program, ...texted }] as const
    })
    return { ...artifact, programs: Object.fromEntries(programs) }
  })
}
