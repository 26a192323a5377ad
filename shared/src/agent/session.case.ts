// What the session's laws and stories share: one kernel, assignments by number, and a way to play events.
import { assignmentSchema, type Assignment, type Ready } from '../contract/agent-events.ts'
import { digest } from '../exact/digest.ts'
import { openSession, type Command, type Session, type SessionEvent } from './session-state.ts'
import { step } from './session.ts'

const kernelDigest = digest('kernel.v1')
export const ready: Ready = { engine: 'wasm', kernel: 'mc/1/test.v1', kernelDigest, digests: [], unitsPerSecond: 1e6 }
export const ok = { ok: true } as const

export const assignment = (n: number, shards: number[] = [0, 1, 2], over: Partial<Assignment> = {}): Assignment => ({
  ...assignmentSchema.parse({
    assignmentId: String(n).padStart(32, '0'),
    epoch: n,
    kernel: ready.kernel,
    kernelDigest,
    engine: 'wasm',
    program: 'sums',
    passes: 1,
    constants: [],
    tables: {},
    units: '1000',
    unitsPerShard: 10,
    shards,
    leaseMs: 1000,
  }),
  ...over,
})

export const done = (n: number, shard: number, nowMs: number): SessionEvent => ({
  type: 'shardDone',
  assignmentId: assignment(n).assignmentId,
  result: { shard, partial: Uint8Array.of(n, shard), kernelMs: 1 },
  nowMs,
})
export const computed = (n: number, units: number, nowMs: number): SessionEvent => ({
  type: 'computed',
  assignmentId: assignment(n).assignmentId,
  units,
  nowMs,
})
export const lost = { type: 'disconnected', livedMs: 0 } as const
export const ended = (n: number): SessionEvent => ({ type: 'runEnded', assignmentId: assignment(n).assignmentId })

export function play(
  events: readonly SessionEvent[],
  from: Session = openSession().session,
): { session: Session; said: Command[] } {
  const said: Command[] = []
  let session = from
  for (const event of events) {
    const next = step(session, event)
    session = next.session
    said.push(...next.commands)
  }
  return { session, said }
}

export const JOINED: readonly SessionEvent[] = [
  { type: 'selfTestPassed', readies: [ready] },
  { type: 'challenge', protocol: 1, nonce: '00' },
  { type: 'helloReply', reply: ok },
  { type: 'readyReply', ready, reply: ok },
]
export const working = (): Session => play(JOINED).session
export const names = (said: readonly Command[]): string[] => said.map((command) => command.type)
