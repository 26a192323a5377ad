// Rows of ended jobs in memory: read once, bounded, and never one that may still change.
import { expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { DEFAULT_PROJECT } from '../web-core/fakes.ts'
import { rememberingFinished } from './finished-jobs.ts'
import { STORE_LIMITS } from './limits.ts'
import { aJob } from './store.fixtures.ts'
import type { JobRow } from './store.ts'

const row = (change: Partial<JobRow>): JobRow => ({
  ...aJob(DEFAULT_PROJECT),
  state: 'RUNNING',
  reason: null,
  planDigest: null,
  basis: null,
  ending: null,
  startedAtMs: 1,
  finishedAtMs: null,
  answer: null,
  problem: null,
  ...change,
})
const ended = (answer: string): JobRow => row({ state: 'COMPLETED', finishedAtMs: 2, answer })

function reading(rows: readonly (JobRow | null)[]) {
  const asked: JobId[] = []
  const next = [...rows]
  const { job: read, remember } = rememberingFinished(async (id) => {
    asked.push(id)
    return next.length > 1 ? (next.shift() ?? null) : (next[0] ?? null)
  })
  return { asked, read, remember }
}

test('a job is read until it has ended, and never again', async () => {
  const [running, done] = [row({}), ended('{}')]
  const { asked, read } = reading([null, running, done])
  for (const expected of [null, running, done, done, done]) expect(await read(done.id)).toBe(expected)
  expect(asked).toHaveLength(3)
})

test('what would take too much memory is let go, the longest unused first', async () => {
  const third = 'x'.repeat(Math.ceil(STORE_LIMITS.finishedJobsCharactersMax / 3))
  const { asked, read } = reading([ended(third)])
  for (const id of ['a', 'b', 'c', 'c', 'a'] as JobId[]) await read(id)
  expect(asked).toEqual(['a', 'b', 'c', 'a'])
  const huge = reading([ended('x'.repeat(STORE_LIMITS.finishedJobsCharactersMax))])
  for (const id of ['a', 'a'] as JobId[]) await huge.read(id)
  expect(huge.asked).toHaveLength(2)
})

test('whoever ended a job says how it stays, and nothing that may still change is kept', async () => {
  const [running, done] = [row({}), ended('{}')]
  const { asked, read, remember } = reading([running, done])
  remember(running)
  expect(await read(running.id)).toBe(running)
  remember(done)
  expect(await read(done.id)).toBe(done)
  expect(asked).toHaveLength(1)
})
