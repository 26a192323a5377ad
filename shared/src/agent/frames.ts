// The frames that an agent makes and reads: signed hellos and answers, and the Hub's frames as session events. Pure but
// for the identity's signature.
import {
  assignmentSchema,
  challengeSchema,
  PROTOCOL_VERSION,
  refusalSchema,
  revokeSchema,
  tallySchema,
} from '../contract/agent-events.ts'
import type { Answer, Assignment, Hello, HubToAgent } from '../contract/agent-events.ts'
import { concat, toBase64 } from '../exact/bytes.ts'
import { digest } from '../exact/digest.ts'
import { answerDigest, helloDigest } from '../verifier/answer-digest.ts'
import type { Identity } from './identity.ts'
import type { SessionEvent, ShardResult } from './session-state.ts'

export async function helloFrame(
  nonce: string,
  identity: Identity,
  { kind, name, token }: { kind: Hello['kind']; name?: string | undefined; token?: string | undefined },
): Promise<Hello> {
  return {
    protocol: PROTOCOL_VERSION,
    publicKey: toBase64(identity.publicKey),
    signature: toBase64(await identity.sign(helloDigest(nonce))),
    kind,
    ...(name === undefined ? {} : { name }),
    ...(token === undefined ? {} : { token }),
  }
}

export async function answerFrame(
  assignment: Assignment,
  results: readonly ShardResult[],
  identity: Identity,
): Promise<Answer> {
  const said = {
    ...fenceOf(assignment),
    shards: results.map(({ shard, partial }) => ({
      shard,
      digest: digest('partial.v1', partial),
      bytes: partial.length,
    })),
  }
  return {
    ...said,
    partials: concat(...results.map(({ partial }) => partial)),
    kernelMs: results.reduce((sum, { kernelMs }) => sum + kernelMs, 0),
    signature: toBase64(await identity.sign(answerDigest(said))),
  }
}

export const fenceOf = ({ assignmentId, epoch }: Assignment): Pick<Assignment, 'assignmentId' | 'epoch'> => ({
  assignmentId,
  epoch,
})

/** What the Hub said, or undefined when no schema knows it. */
export function readFrame(event: keyof HubToAgent, payload: unknown): SessionEvent | undefined {
  switch (event) {
    case 'challenge': {
      const { data } = challengeSchema.safeParse(payload)
      return data && { type: 'challenge', ...data }
    }
    case 'assign': {
      const { data } = assignmentSchema.safeParse(payload)
      return data && { type: 'assigned', assignment: data }
    }
    case 'revoke': {
      const { data } = revokeSchema.safeParse(payload)
      return data && { type: 'revoked', assignmentId: data.assignmentId }
    }
    case 'tally': {
      const { data } = tallySchema.safeParse(payload)
      return data && { type: 'tally', tally: data }
    }
    case 'refused': {
      const { data } = refusalSchema.safeParse(payload)
      return data && { type: 'refused', refusal: data }
    }
  }
}
