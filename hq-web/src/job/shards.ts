// The shards of a job as its page needs them: what a shape says, who took part, which answers differed. Pure functions of
// what the API answers.
import type { Schema } from '../api.ts'
import { count } from '../format.ts'
import { words } from '../words.ts'

export type Shard = Schema<'GetJobShardsAnswer'>['shards'][number]
export type Attempt = Shard['attempts'][number]

export type Fill = 'waiting' | 'running' | 'toCheck' | 'disputed' | 'accepted' | 'checked' | 'answered' | 'void'
export type Shape = 'square' | 'disc' | 'diamond'

export interface Look {
  readonly fill: Fill
  /** The engine of the answer that counts, or of the first one. */
  readonly shape: Shape
  /** Some answer to it does not count. */
  readonly wasVoid: boolean
}

const SHAPES: Readonly<Record<string, Shape>> = { webgpu: 'square', wasm: 'disc', reference: 'diamond' }

const looks = new WeakMap<Shard, Look>()

/** Worked out once for what the server said once: of ten thousand shards a look around asks for a few pages. */
export function lookOf(shard: Shard): Look {
  const known = looks.get(shard)
  if (known !== undefined) return known
  const look = newLook(shard)
  looks.set(shard, look)
  return look
}

function newLook(shard: Shard): Look {
  const author = authorOf(shard)
  return {
    fill: fillOf(shard),
    shape: SHAPES[author?.engine ?? ''] ?? 'square',
    wasVoid: shard.attempts.some(
      (attempt) => attempt.void || (shard.digest !== null && attempt.digest !== shard.digest),
    ),
  }
}

/** What was accepted. Verdicts are stored in batches: until then it is what all who count answered, if they agree. */
export function settledDigest({ verdict, digest, attempts }: Shard): string | null {
  if (digest !== null || verdict !== 'accepted') return digest
  const said = new Set(attempts.filter((attempt) => !attempt.void).map((attempt) => attempt.digest))
  const [only] = said
  return said.size === 1 && only !== undefined ? only : null
}

/** Whose answer the shard rests on; before its verdict, whoever answered first. */
export function authorOf({ attempts, digest }: Shard): Attempt | undefined {
  const good = attempts.filter((attempt) => !attempt.void && (digest === null || attempt.digest === digest))
  return good.find(({ role }) => role === 'first') ?? good[0] ?? attempts[0]
}

function fillOf(shard: Shard): Fill {
  switch (shard.verdict) {
    case 'accepted': {
      const digest = settledDigest(shard)
      const agreeing = shard.attempts.filter((attempt) => !attempt.void && attempt.digest === digest)
      return agreeing.length > 1 ? 'checked' : 'accepted'
    }
    case 'open':
    case 'planning':
      return 'waiting'
    case 'leased':
    case 'storing':
      return 'running'
    case 'to-check':
    case 'checking':
      return 'toCheck'
    case 'disputed':
    case 'refereeing':
      return 'disputed'
    case 'unsettled':
      // The job ended first, without a result: there are answers, and nobody decides about them any more.
      return shard.attempts.some((attempt) => !attempt.void) ? 'answered' : 'void'
  }
}

/** `Shard 41, 5,373,952 to 5,505,023: accepted and checked, WASM`. */
export function nameOf(shard: Shard): string {
  const { fill, wasVoid } = lookOf(shard)
  const { name, say, engines } = words.job.dispatch
  const range = rangeOf(shard)
  const engine = authorOf(shard)?.engine
  return (
    name(shard.shard) +
    (range === null ? '' : `, ${range}`) +
    `: ${say[fill]}${wasVoid ? say.wasVoid : ''}` +
    (engine === undefined ? '' : `, ${engines[engine] ?? engine}`)
  )
}

export function rangeOf({ units }: Shard): string | null {
  if (units === null) return null
  const first = BigInt(units.first)
  return words.job.dispatch.range(count(first), count(first + BigInt(units.count) - 1n))
}

/** Digests that somebody answered, each once, the accepted one last. */
export const digestsOf = ({ attempts, digest }: Shard): string[] =>
  [...new Set(attempts.map((attempt) => attempt.digest))].toSorted(
    (a, b) => Number(a === digest) - Number(b === digest),
  )

export const isDisputed = ({ attempts }: Shard): boolean =>
  attempts.some(({ digest }) => digest !== attempts[0]?.digest)

export interface TookPart {
  readonly agent: string
  readonly engines: readonly string[]
  readonly trusted: boolean
  /** First answers that count, checks that count, answers that no longer do. */
  readonly shards: number
  readonly checks: number
  readonly voids: number
}

/** Most shards first. */
export function tookPart(shards: readonly Shard[]): TookPart[] {
  const all = new Map<
    string,
    { engines: Set<string>; trusted: boolean; shards: number; checks: number; voids: number }
  >()
  for (const { attempts } of shards) {
    for (const { agent, engine, trusted, role, void: isVoid } of attempts) {
      const one = all.get(agent) ?? { engines: new Set(), trusted, shards: 0, checks: 0, voids: 0 }
      all.set(agent, one)
      one.engines.add(engine)
      if (isVoid) one.voids++
      else if (role === 'first') one.shards++
      else one.checks++
    }
  }
  return [...all]
    .map(([agent, one]) => ({ agent, ...one, engines: [...one.engines].toSorted() }))
    .toSorted((a, b) => b.shards - a.shards || b.checks - a.checks || (a.agent < b.agent ? -1 : 1))
}

/** A page of shards may still change. */
export const isOpen = ({ verdict }: Shard): boolean => verdict !== 'accepted' && verdict !== 'unsettled'

/** How many somebody had answered. */
export const answeredOf = (shards: readonly Shard[]): number =>
  shards.filter(({ attempts }) => attempts.some((attempt) => !attempt.void)).length
