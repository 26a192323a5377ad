// A process that tries one mutant after another. A process and not a thread: Dawn computes on a main thread alone, and
// what loops without end must be killed whole.
import type { Case } from '../conformance/case.ts'
import { referenceSubject } from './reference.ts'
import { ROOT, type EngineToMutate, type Outcome, type Subject } from './subject.ts'
import { wasmSubject } from './wasm.ts'
import { webgpuSubject } from './webgpu.ts'

export type ToRunner =
  | { readonly kind: 'prepare'; readonly engine: EngineToMutate; readonly cases: readonly Case[] }
  | { readonly kind: 'attempt'; readonly file: string; readonly text: string }

export type FromRunner =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly kind: 'failed'; readonly why: string }

export function subjectOf(engine: EngineToMutate, cases: readonly Case[]): Subject {
  switch (engine) {
    case 'wasm':
      return wasmSubject(ROOT, 'scalar', cases)
    case 'wasm-simd':
      return wasmSubject(ROOT, 'simd', cases)
    case 'webgpu':
      return webgpuSubject(ROOT, cases)
    case 'reference':
      return referenceSubject(ROOT, cases)
  }
}
