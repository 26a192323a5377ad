// Whether a replay is the same as its original: equal contracts must have given equal bits, whatever ran them. Policy, agents
// and times may differ and are not looked at.
import { canonicalJson } from '../exact/canonical-json.ts'

/** What of a completed job's answer a replay is held against. */
export interface ReplayedAnswer {
  readonly hub: {
    readonly output: Readonly<Record<string, unknown>>
    readonly replay: {
      readonly root_seed: string
      readonly contract_digest: string
      readonly kernel_digest: string
      readonly merkle_root: string
      readonly output_digest: string
    }
  }
}

export interface Difference {
  /** A path into the answer, such as `hub.output.loss.mean`. */
  readonly path: string
  readonly original: unknown
  readonly replay: unknown
}

export type Comparison =
  | { readonly identical: true }
  /** At most {@link DIFFERENCES_MAX}; `more` counts those that were left out. */
  | { readonly identical: false; readonly differences: readonly Difference[]; readonly more: number }

/** An answer's output can have hundreds of figures; the first ones say enough. */
const DIFFERENCES_MAX = 50

const COMPARED = ['root_seed', 'contract_digest', 'kernel_digest', 'merkle_root', 'output_digest'] as const

export function compareReplay(original: ReplayedAnswer, replay: ReplayedAnswer): Comparison {
  const differences = [
    ...COMPARED.flatMap((name) => differing(original.hub.replay[name], replay.hub.replay[name], `hub.replay.${name}`)),
    ...differing(original.hub.output, replay.hub.output, 'hub.output'),
  ]
  if (differences.length === 0) return { identical: true }
  const shown = differences.slice(0, DIFFERENCES_MAX)
  return { identical: false, differences: shown, more: differences.length - shown.length }
}

function differing(original: unknown, replay: unknown, path: string): Difference[] {
  if (isObject(original) && isObject(replay)) {
    const names = [...new Set([...Object.keys(original), ...Object.keys(replay)])].toSorted()
    return names.flatMap((name) => differing(original[name], replay[name], `${path}.${name}`))
  }
  if (original === replay) return []
  if (original !== undefined && replay !== undefined && canonicalJson(original) === canonicalJson(replay)) return []
  return [{ path, original: original ?? null, replay: replay ?? null }]
}

/** Lists too, by their places. */
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
