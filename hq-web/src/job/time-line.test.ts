// Where each band of a job's page begins and ends, or that it never began.
import { expect, test } from 'vitest'
import { isSpan, spansOf, withoutTime } from './time-line.tsx'
import type { Job } from './use-job.ts'

const CREATED = '2026-11-01T10:00:00.000Z'
const job = (status: string, started: string | null, finished: string | null): Job =>
  ({
    status,
    times: { created_at: CREATED, started_at: started, finished_at: finished, deadline_at: CREATED },
  }) as unknown as Job

const NOTHING = { events: [], receipt: null, isPlanned: false }

test('of a job that is being planned, the rest is to come', () => {
  const spans = spansOf(job('QUEUED', null, null), NOTHING)
  expect(spans).toMatchObject({
    request: { from: 0, to: 0 },
    plan: { to: null },
    dispatch: null,
    verify: null,
    reduce: null,
    receipt: null,
  })
})

test('of one that is planned and has too few agents, the plan is done and its shards wait', () => {
  const waiting = { ...job('QUEUED', null, null), reason: 'waiting for agents: 0 of 1', progress: null }
  const { plan, dispatch, verify } = spansOf(waiting, NOTHING)
  expect([plan, dispatch, verify]).toEqual(['done', 'waits', null])
  expect(isSpan(plan) || isSpan(dispatch)).toBe(false)
  expect([withoutTime('done'), withoutTime('waits')]).toEqual(['done', 'waiting for agents'])
})

test('of one that failed before anybody came, nothing behind the request was reached', () => {
  const { plan, dispatch, verify, reduce } = spansOf(job('FAILED', null, '2026-11-01T10:00:02.000Z'), NOTHING)
  for (const when of [plan, dispatch, verify, reduce])
    expect(isSpan(when) ? when : withoutTime(when)).toBe('not reached')
})

test('of one that failed for want of agents, the plan was made all the same', () => {
  const failed = job('FAILED', null, '2026-11-01T10:00:02.000Z')
  const { plan, dispatch } = spansOf(failed, { ...NOTHING, isPlanned: true })
  expect([plan, dispatch]).toEqual(['done', 'not reached'])
})

test('of one that was cancelled while it ran, only the reduction was not', () => {
  const ended = '2026-11-01T10:00:05.000Z'
  const { dispatch, reduce } = spansOf(job('CANCELLED', '2026-11-01T10:00:01.000Z', ended), NOTHING)
  expect(dispatch).toMatchObject({ from: 1_000 })
  expect(reduce).toBe('not reached')
})
