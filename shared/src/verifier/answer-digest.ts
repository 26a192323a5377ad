// What an agent signs: its assignment, the epoch and each shard's digest. The partials are bound through their digests.
import type { Answer } from '../contract/agent-events.ts'
import { digestBytes } from '../exact/digest.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { utf8 } from '../exact/bytes.ts'

export function answerDigest({
  assignmentId,
  epoch,
  shards,
}: Pick<Answer, 'assignmentId' | 'epoch' | 'shards'>): Uint8Array {
  const signed = { assignmentId, epoch, shards: shards.map(({ shard, digest }) => [shard, digest]) }
  return digestBytes('agent-answer.v1', utf8(canonicalJson(signed)))
}

/** What proves that a key is held: the Hub's nonce, which is never used twice. */
export const helloDigest = (nonce: string): Uint8Array => digestBytes('agent-hello.v1', utf8(nonce))

/** What asks the Hub of that origin, and no other, for the record of a key, at that time in milliseconds since 1970. */
export const agentRecordDigest = (hub: string, atMs: number): Uint8Array =>
  digestBytes('agent-record.v2', utf8(canonicalJson({ hub, at_ms: atMs })))
