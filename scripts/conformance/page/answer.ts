// What a page or its worker answers: it fetches the cases for a kind of engine, computes them, and names what failed.
import { EngineError, type Engine } from '@forge/shared/agent/engines/engine.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { casesFromJson } from '../case.ts'
import { compute } from '../compute.ts'
import { openEngine, withTexts, type EngineKind } from '../engine-kind.ts'

export interface Answer {
  /** Why the kind cannot be had here; then nothing was computed. */
  readonly unavailable: string | null
  /** By the case's name: digests, or the sentence of the failure. */
  readonly found: Readonly<Record<string, readonly string[] | string>>
}

// The part of a browser that is used: the types of Node know none of it.
declare const navigator: { readonly gpu?: GPU }

export async function answer(kind: EngineKind): Promise<Answer> {
  const reply = await fetch(`/cases/${kind}`)
  const { texts, cases } = casesFromJson(await reply.text())
  let engine: Engine
  try {
    engine = await openEngine(kind, withTexts(artifacts, texts), navigator.gpu)
  } catch (error) {
    if (error instanceof EngineError) return { unavailable: error.message, found: {} }
    throw error
  }
  const found: Record<string, readonly string[] | string> = {}
  for (const { name, task } of cases) {
    found[name] = await compute(engine, task).then(
      ({ digests }) => digests,
      (error: unknown) => String(error),
    )
  }
  engine.close()
  return { unavailable: null, found }
}
