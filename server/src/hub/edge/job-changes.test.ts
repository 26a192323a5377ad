// The order in which changes of a job's row are written, and what an end takes along.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { JobChanges } from './job-changes.ts'
import { BEGINNING_HELD_MS } from './limits.ts'

const ID = 'job' as JobId
const BEGINNING = { startedAtMs: 7, planDigest: undefined }

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function recorder() {
  const written: string[] = []
  return { written, write: (what: string) => async () => void written.push(what) }
}

test('an end in time takes the beginning along, and nobody else writes it', async () => {
  const [changes, { written, write }] = [new JobChanges(), recorder()]
  const begun = changes.begin(ID, BEGINNING, write('begun'))
  expect(await changes.end(ID)).toEqual(BEGINNING)
  await begun
  await vi.advanceTimersByTimeAsync(2 * BEGINNING_HELD_MS)
  expect(written).toEqual([])
  expect(await changes.end(ID)).toBeUndefined()
})

test('a beginning whose end does not come is written by itself', async () => {
  const [changes, { written, write }] = [new JobChanges(), recorder()]
  const begun = changes.begin(ID, BEGINNING, write('begun'))
  await vi.advanceTimersByTimeAsync(BEGINNING_HELD_MS - 1)
  expect(written).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await begun
  expect(written).toEqual(['begun'])
  expect(await changes.end(ID)).toBeUndefined()
})

test('what comes behind a beginning is written behind it, at once, and the end waits for both', async () => {
  const [changes, { written, write }] = [new JobChanges(), recorder()]
  const made = [
    changes.next(ID, write('queued')),
    changes.begin(ID, BEGINNING, write('begun')),
    changes.next(ID, write('checked')),
  ]
  expect(await changes.end(ID)).toBeUndefined()
  expect(written).toEqual(['queued', 'begun', 'checked'])
  await Promise.all(made)
})

test('the end waits for what is written before the beginning that it takes', async () => {
  const [changes, { written, write }] = [new JobChanges(), recorder()]
  let goOn = (): void => undefined
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  void changes.next(ID, () => gate.then(write('queued')))
  void changes.begin(ID, BEGINNING, write('begun'))
  const ended = changes.end(ID).then((taken) => written.push(taken === undefined ? 'nothing' : 'taken'))
  await vi.advanceTimersByTimeAsync(2 * BEGINNING_HELD_MS)
  expect(written).toEqual([])
  goOn()
  await ended
  expect(written).toEqual(['queued', 'taken'])
})

test('of a job that is let go nothing is written any more', async () => {
  const [changes, { written, write }] = [new JobChanges(), recorder()]
  const begun = changes.begin(ID, BEGINNING, write('begun'))
  changes.forget(ID)
  await begun
  await vi.advanceTimersByTimeAsync(2 * BEGINNING_HELD_MS)
  expect(written).toEqual([])
})
