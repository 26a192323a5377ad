// What an agent's frame must prove before the core hears of it: its schema, its signature, its digests, and that its
// partials could be true. Nothing of this needs the Hub's state but the plan of the job that the shards belong to.
import type { z } from 'zod'
import { answerSchema, type Answer, type Refusal, type RefusalCode } from '@forge/shared/contract/agent-events.ts'
import { fromBase64 } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { verifySignature } from '@forge/shared/agent/identity.ts'
import { PartialError, shardRange } from '@forge/shared/kernels/kernel.ts'
import { partialDigest } from '@forge/shared/reducer/reduce.ts'
import { answerDigest } from '@forge/shared/verifier/answer-digest.ts'
import { plannedPassOf, type PlannedJob } from './planning.ts'

export const refusal = (code: RefusalCode, message: string): Refusal => ({ ok: false, code, message })

export function parseFrame<T>(schema: z.ZodType<T>, frame: unknown): T | Refusal {
  const parsed = schema.safeParse(frame)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return refusal('BAD_FRAME', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit the protocol'}`)
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
  if (!verifySignature(publicKey, answerDigest(answer), fromBase64(answer.signature))) {
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

/** The first shard whose partial cannot be true, with the reason; null when all could. */
export function implausibleShard(
  { partials }: SignedAnswer,
  planned: Pick<PlannedJob, 'kernel' | 'plan' | 'passes'>,
): { shard: number; reason: string } | null {
  const { kernel, plan } = planned
  for (const [shard, partial] of partials) {
    try {
      const { units } = shardRange(plan.grid, shard)
      const { plan: pass, witnesses } = plannedPassOf(planned, shard)
      if (partial.length > kernel.partialBytesMax) {
        throw new PartialError(`${partial.length} bytes, where this kernel returns ${kernel.partialBytesMax} at most`)
      }
      kernel.decode(partial, units, plan, pass, witnesses?.[shard % plan.grid.shards])
    } catch (error) {
      if (error instanceof PartialError || error instanceof RangeError) return { shard, reason: error.message }
      throw error
    }
  }
  return null
}

/** Whether an engine's self-test gave the published digests, all of them and in order. */
export const sameDigests = (given: readonly Digest[], known: readonly { readonly digest: Digest }[]): boolean =>
  given.length === known.length && given.every((digest, i) => digest === known[i]?.digest)
