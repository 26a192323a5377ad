// What the events say that other rows say too: written with the change, and compared with those rows by whoever verifies.
import type { Problem } from '@forge/shared/contract/problem.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { digest, type Digest } from '@forge/shared/exact/digest.ts'
import { samplingKeySha256 } from '@forge/shared/verifier/sample.ts'
import type { EventType, NewJob } from './store.ts'

export function registeredData({ contractDigest, requestDigest, kernelDigest, samplingKey, replayOf }: NewJob) {
  // Which shards are checked follows from the key: it is committed to before the first of them is handed out.
  const samplingKeyHash = samplingKeySha256(samplingKey)
  const told = { contractDigest, requestDigest, kernelDigest, samplingKeyHash }
  // Chains that were begun before there were replays stay as they are.
  return replayOf === null ? told : { ...told, replayOf }
}

export const answerDigest = (answer: string): Digest => digest('answer.v1', utf8(answer))

export const noticeDigest = (detail: string): Digest => digest('notice.v1', utf8(detail))

export type End =
  | { readonly state: 'COMPLETED'; readonly answer: string }
  | { readonly state: 'FAILED' | 'CANCELLED'; readonly problem: Pick<Problem, 'code'> }

export function endTold(end: End): { readonly type: EventType; readonly data: object } {
  switch (end.state) {
    case 'COMPLETED':
      return { type: 'completed', data: { answer: answerDigest(end.answer) } }
    case 'FAILED':
      return { type: 'failed', data: { code: end.problem.code } }
    case 'CANCELLED':
      return { type: 'cancelled', data: { code: end.problem.code } }
  }
}
