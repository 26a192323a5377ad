// A stream says nothing more to whose key is no longer good, and nothing of a job behind its end.
import { expect, test } from 'vitest'
import type { Caller } from './auth.ts'
import { aJob } from '../store/store.fixtures.ts'
import { follow, whileAdmitted } from './event-stream.ts'
import { createFakeHub, createFakeStore, DEFAULT_PROJECT } from './fakes.ts'
import { WEB_LIMITS } from './limits.ts'
import { refuse } from './refusal.ts'

const CALLER: Caller = { kind: 'admin' }

async function* counting(): AsyncGenerator<string> {
  for (let n = 0; ; n++) yield String(n)
}

test('the key is looked at again when the last look is old, and the stream ends once it was revoked', async () => {
  let [nowMs, looks, revoked] = [0, 0, false]
  const authenticate = async () => {
    looks++
    return revoked ? refuse('UNAUTHENTICATED', 'revoked') : CALLER
  }
  const frames = whileAdmitted(counting(), new Request('http://pool.example/'), { authenticate, clock: () => nowMs })
  const next = async () => (await frames.next()).value
  expect([await next(), await next(), looks]).toEqual(['0', '1', 0])
  nowMs += WEB_LIMITS.streamKeyMs
  expect([await next(), await next(), looks]).toEqual(['2', '3', 1])
  revoked = true
  expect(await next()).toBe('4')
  nowMs += WEB_LIMITS.streamKeyMs
  expect([await next(), looks]).toEqual([undefined, 2])
})

test('a stream that has the last event of a job already ends with the job', async () => {
  const store = createFakeStore()
  store.eventsOf = async () => []
  const { hub } = createFakeHub(store)
  const job = aJob(DEFAULT_PROJECT)
  await hub.submit(job)
  const followed = { id: job.id, traceId: '', ended: false, after: 4, alias: String, comparison: async () => null }
  const signal = AbortSignal.timeout(5_000)
  const frames: string[] = []
  for await (const frame of follow(followed, { store, hub, clock: () => 0 }, signal)) frames.push(frame)
  expect([frames, signal.aborted]).toEqual([[`retry: ${WEB_LIMITS.streamRetryMs}\n\n`], false])
})
