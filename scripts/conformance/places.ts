// Where in a browser a kind of engine runs, and what is told of it.
import type { Case } from './case.ts'
import type { Answer } from './page/answer.ts'
import type { EngineKind } from './engine-kind.ts'

export interface Place {
  readonly where: 'page' | 'worker'
  readonly kind: EngineKind
}

export interface Told {
  readonly place: Place
  readonly answer: Answer | null
  /** Why there is no answer: an error that is nobody's expectation. */
  readonly failed: string | null
}

export const PLACES: readonly Place[] = (['page', 'worker'] as const).flatMap((where) =>
  (['scalar', 'simd', 'webgpu'] as const).map((kind) => ({ where, kind })),
)

/** A sentence for every digest that is not what it must be, and for every case without one. */
export function differences(cases: readonly Case[], { found }: Answer): string[] {
  return cases.flatMap(({ name, ranges, digests }) => {
    const given = found[name]
    if (given === undefined) return [`${name}: no answer`]
    if (typeof given === 'string') return [`${name}: ${given}`]
    return ranges.flatMap(({ firstUnit, units }, i) =>
      given[i] === digests[i]
        ? []
        : [`${name}, ${units} units from ${firstUnit}: ${given[i] ?? 'nothing'} instead of ${digests[i]}`],
    )
  })
}
