// One task on one engine: the partials of its ranges and how long they took. Runs in pages, workers and threads alike.
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { digest, type Digest } from '@forge/shared/exact/digest.ts'
import type { Task } from './case.ts'

export interface Computed {
  readonly digests: readonly Digest[]
  readonly partials: readonly Uint8Array[]
  /** Of the run alone; loading and digesting are not in it. */
  readonly ms: number
}

export async function compute(engine: Engine, { kernel, launch, ranges }: Task): Promise<Computed> {
  const loaded = await engine.load(kernel, launch)
  try {
    const partials: Uint8Array[] = []
    const started = performance.now()
    await loaded.run(ranges, (_, partial) => partials.push(partial))
    const ms = performance.now() - started
    return { digests: partials.map((partial) => digest('partial.v1', partial)), partials, ms }
  } finally {
    loaded.close()
  }
}
