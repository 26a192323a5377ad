// What is mutated: an engine's sources, and a way to run what becomes of one of them. Each engine has a file of its own.
import path from 'node:path'
import { digest } from '@forge/shared/exact/digest.ts'
import type { Program } from '@forge/shared/kernels/artifact.ts'
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import type { Case } from '../conformance/case.ts'
import { compute } from '../conformance/compute.ts'

export const ENGINES = ['wasm', 'wasm-simd', 'webgpu', 'reference'] as const
export type EngineToMutate = (typeof ENGINES)[number]

export const ROOT = path.resolve(import.meta.dirname, '../..')
/** The kernel whose engines are mutated. */
export const FOLDER = 'shared/src/kernels/mc.insurance.v1'

export interface Source {
  /** From the repository's root. */
  readonly file: string
  readonly text: string
  /** Declarations that may be mutated; all where it is absent. */
  readonly only?: readonly string[]
  /** Greatest share of the mutants, of a text that says little with many lines. */
  readonly share?: number
  /** Declarations that are rarely reached, and lines that belong to them elsewhere. */
  readonly tail: { readonly owners: readonly string[]; readonly lines: RegExp }
}

export type Outcome =
  | { readonly kind: 'killed'; readonly by: Killer; readonly what: string }
  | { readonly kind: 'survived' }
  /** A compiler makes the same program of it: proved to be equivalent. */
  | { readonly kind: 'same' }

/** In the order in which they are asked. A timeout is the parent's to say. */
export const KILLERS = ['compiler', 'vector', 'launch', 'contract', 'edges', 'trap', 'timeout'] as const
export type Killer = (typeof KILLERS)[number]

export interface Subject {
  readonly sources: readonly Source[]
  /** `alive` is called before each step: what computes long without it is taken for an endless loop. */
  attempt(file: string, text: string, alive: () => void): Promise<Outcome>
}

/** The program did not come to be. */
export const uncompiled = (error: unknown): Outcome => ({ kind: 'killed', by: 'compiler', what: firstLine(error) })

/** Runs the cases until one differs. */
export async function firstDifference(engine: Engine, cases: readonly Case[], alive: () => void): Promise<Outcome> {
  for (const { name, digests, ...task } of cases) {
    alive()
    try {
      const { digests: found } = await compute(engine, task)
      if (found.some((own, i) => own !== digests[i])) return { kind: 'killed', by: killerOf(name), what: name }
    } catch (error) {
      return { kind: 'killed', by: 'trap', what: `${name}: ${firstLine(error)}` }
    }
  }
  return { kind: 'survived' }
}

const killerOf = (name: string): Killer =>
  (['vector', 'launch', 'contract'] as const).find((killer) => name.includes(` ${killer} `)) ?? 'edges'

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 2).join(' ').trim()

/** Vectors first, because they are the promise; among them the short ones. */
export function inOrder(cases: readonly Case[]): Case[] {
  const rank = ({ name }: Case): number => KILLERS.indexOf(killerOf(name))
  const units = ({ ranges }: Case): number => ranges.reduce((sum, range) => sum + range.units, 0)
  return cases.toSorted((a, b) => rank(a) - rank(b) || units(a) - units(b))
}

/** Two texts of one program, by what the engine makes of them. */
export const nameOf = (bytes: Uint8Array): string => digest('artifact.v1', bytes)

/** One of the programs that engines.gen.ts exports. */
export function programNamed(generated: object, name: string): Program {
  const found: unknown = Object.entries(generated).find(([exported]) => exported === name)?.[1]
  if (isProgram(found)) return found
  throw new Error(`engines.gen.ts has no program ${name}: run pnpm gen`)
}

const isProgram = (value: unknown): value is Program =>
  typeof value === 'object' && value !== null && 'digest' in value && 'text' in value
