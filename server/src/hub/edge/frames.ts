// What an agent's frame must prove before the core hears of it: its schema, its signature, its digests, and that its
// partials could be true. Nothing of this needs the Hub's state but the plan of the job that the shards belong to.
import type { z } from 'zod'
import { answerSchema, type Answer, type Refusal, type RefusalCode } from '@forge/shared/contract/agent-events.ts'
import { plainIssue } from '@forge/shared/contract/plain-issue.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { verifyNatively } from './native-signature.ts'
import { PartialError, shardRange } from '@forge/shared/kernels/kernel.ts'
import { partialDigest } from '@forge/shared/reducer/reduce.ts'
import { answerDigest } from '@forge/shared/verifier/answer-digest.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { plannedPassOf, type PlannedJob } from './planning.ts'

export const refusal = (code: RefusalCode, message: string): Refusal => ({ ok: false, code, message })

export function parseFrame<T>(schema: z.ZodType<T>, frame: unknown): T | Refusal {
  const parsed = schema.safeParse(frame, { error: plainIssue })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const sentence = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit the protocol'}`
  // It names what the frame named, which may be as long as a frame: neither said back nor written down in full.
  return refusal('BAD_FRAME', sentence.slice(0, GATEWAY_LIMITS.sentenceCharactersMax))
}

export const isRefused = (value: object): value is Refusal => 'ok' in value && value.ok === false

/**
 * The answer with each shard's bytes cut out; or why it cannot count. `refuses` is asked before signature and digests are
 * computed: what nobody waits for must not cost the server its time.
 */
export function openAnswer(
  frame: unknown,
  publicKey: Uint8Array,
  refuses: (answer: Answer) => Refusal | null = () => null,
): SignedAnswer | Refusal {
  const answer = parseFrame(answerSchema, frame)
  if (isRefused(answer)) return answer
  const refused = refuses(answer)
  if (refused !== null) return refused
  const total = answer.shards.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total !== answer.partials.length) {
    return refusal('BAD_FRAME', `partials: ${answer.partials.length} bytes, the shards name ${total}`)
  }
  if (new Set(answer.shards.map(({ shard }) => shard)).size !== answer.shards.length) {
    return refusal('BAD_FRAME', 'shards: one is named twice')
  }
  if (!verifyNatively(publicKey, answerDigest(answer), fromBase64(answer.signature))) {
    return refusal('BAD_SIGNATURE', 'The signature is not one of this identity over these digests.')
  }
  let at = 0
  const partials = new Map<number, Uint8Array>()
  for (const { shard, digest, bytes } of answer.shards) {
    const partial = answer.partials.slice(at, at + bytes)
    at += bytes
    if (partialDigest(partial) !== digest) {
      return refusal('BAD_PARTIAL', `The bytes of shard ${shard} do not have the digest that was signed.`)
    }
    partials.set(shard, partial)
  }
  return { answer, partials }
}

export interface SignedAnswer {
  readonly answer: Answer
  readonly partials: ReadonlyMap<number, Uint8Array>
}

export interface Implausible {
  readonly shard: number
  readonly reason: string
  /** It could be true by itself: either it or the first pass's shard of the same units is wrong. */
  readonly contradicts: boolean
}

/** The first shard whose partial cannot be true, alone or beside the first pass, with the reason; null when all could. */
export function implausibleShard(
  { partials }: SignedAnswer,
  planned: Pick<PlannedJob, 'kernel' | 'plan' | 'passes'>,
): Implausible | null {
  for (const [shard, partial] of partials) {
    const reason = faultOf(partial, shard, planned, true)
    if (reason === null) continue
    return { shard, reason, contradicts: faultOf(partial, shard, planned, false) === null }
  }
  return null
}

export function badPartial({ shard, reason, contradicts }: Implausible): Refusal {
  const more = contradicts ? ' It contradicts the first pass, whose shard of the same units is checked.' : ''
  return refusal('BAD_PARTIAL', `Shard ${shard}: ${reason}.${more}`)
}

/** Why a partial cannot be true: beside its witness, where its pass has them, or by itself. */
function faultOf(
  partial: Uint8Array,
  shard: number,
  planned: Pick<PlannedJob, 'kernel' | 'plan' | 'passes'>,
  besideWitness: boolean,
): string | null {
  const { kernel, plan } = planned
  try {
    const { units } = shardRange(plan.grid, shard)
    const { plan: pass, witnesses } = plannedPassOf(planned, shard)
    if (partial.length > kernel.partialBytesMax) {
      throw new PartialError(`${partial.length} bytes, where this kernel returns ${kernel.partialBytesMax} at most`)
    }
    kernel.decode(partial, units, plan, pass, besideWitness ? witnesses?.[shard % plan.grid.shards] : undefined)
    return null
  } catch (error) {
    if (error instanceof PartialError || error instanceof RangeError) return error.message
    throw error
  }
}

/** Whether an engine's self-test gave the published digests, all of them and in order. */
export const sameDigests = (given: readonly Digest[], known: readonly { readonly digest: Digest }[]): boolean =>
  given.length === known.length && given.every((digest, i) => digest === known[i]?.digest)
