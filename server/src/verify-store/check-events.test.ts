// What only an older store or a broken key shows: chains that begin with an adopted job, events behind an end, a shard with
// two verdicts. The rest is tampered with on a real store, in verify-store.test.ts.
import { expect, test } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { linked } from '../store/event-chain.ts'
import { answerDigest, registeredData } from '../store/event-data.ts'
import { aJob, aSubmission, aVerdict } from '../store/store.fixtures.ts'
import type { EventRow, EventType, JobRow } from '../store/store.ts'
import { checkEvents } from './check-events.ts'
import { checkVerdicts } from './check-shards.ts'

const job = aJob('p' as ProjectId)
const row = (change: Partial<JobRow>): JobRow => ({
  ...job,
  state: 'COMPLETED',
  reason: null,
  planDigest: null,
  basis: null,
  ending: null,
  startedAtMs: 1,
  finishedAtMs: 2,
  answer: '{}',
  problem: null,
  ...change,
})
const RUNNING = { state: 'RUNNING', finishedAtMs: null, answer: null } as const

const chain = (...told: readonly (readonly [EventType, object])[]): EventRow[] =>
  told.reduce<EventRow[]>(
    (events, [type, data]) => [...events, linked({ jobId: job.id, atMs: 1, type, data }, events.at(-1) ?? null)],
    [],
  )

const { contractDigest, kernelDigest, requestDigest } = job
const adopted = (found: { state: string; answer?: string }) =>
  ['adopted', { contractDigest, kernelDigest, requestDigest, ...found }] as const
const registered = ['registered', registeredData(job)] as const
const running = ['state', { state: 'RUNNING', reason: null }] as const
const completed = ['completed', { answer: answerDigest('{}') }] as const

test.each([
  ['one that had ended', {}, [adopted({ state: 'COMPLETED', answer: answerDigest('{}') })]],
  ['one that ran', RUNNING, [adopted({ state: 'RUNNING' })]],
  ['one that ended since', {}, [adopted({ state: 'RUNNING' }), completed]],
  ['one whose basis was told to nobody', { basis: job.kernelDigest }, [adopted({ state: 'RUNNING' }), completed]],
  ['a new one', {}, [registered, running, completed]],
] as const)('%s is good', (_, change, told) => {
  expect(checkEvents(row(change), chain(...told), 0)).toEqual([])
})

test.each([
  ['another answer', {}, [adopted({ state: 'COMPLETED', answer: answerDigest('{"a":1}') })], /its end is not the one/],
  ['another contract', { contractDigest: kernelDigest }, [adopted({ state: 'RUNNING' }), completed], /other digests/],
  ['no end', {}, [adopted({ state: 'RUNNING' })], /tell of no end/],
  ['two ends', {}, [adopted({ state: 'FAILED' }), completed], /tell of 2 ends/],
  ['a state behind the end', {}, [registered, completed, running], /event 2 \(state\) came after its end/],
  ['another state', { ...RUNNING, state: 'VERIFYING' }, [registered, running], /is VERIFYING, and its events say/],
] as const)('%s is found', (_, change, told, found) => {
  expect(checkEvents(row(change), chain(...told), 0).join('\n')).toMatch(found)
})

test('a shard with two verdicts is found, where no key keeps them apart', () => {
  const submissions = [0, 1].map((shard) => ({ ...aSubmission(job.id, shard), isVoid: false }))
  const verdicts = [0, 1, 1].map((shard) => aVerdict(job.id, shard))
  expect(checkVerdicts(2, { verdicts, submissions })).toEqual(['shard 1 has more than one verdict'])
})
