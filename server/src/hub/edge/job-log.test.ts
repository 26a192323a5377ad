// What the Hub logs of a job names its trace, the same one before and after a restart; and answers are timed to their
// acknowledgement.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { createLogger } from '../../logger.ts'
import { createMetrics } from '../../metrics/metrics.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import { labelsOfJob } from '../../trace.ts'
import { SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

let store: Store
beforeAll(async () => {
  store = await openStore({ dataDir: await freshDataDir() })
}, 60_000)
afterAll(() => store?.close())

test('lines of a job have its trace, across a restart', { timeout: 60_000 }, async () => {
  const log: string[] = []
  const logger = createLogger('info', { write: (line) => void log.push(line) })
  const metrics = createMetrics()
  const first = new TinyPool(store)
  await first.start({ logger, metrics })
  const id = await first.submit()
  await first.stop()
  const second = new TinyPool(store)
  await second.start({ logger, metrics })
  second.agent()
  expect((await second.ended(id)).answer).not.toBeNull()
  const row = await store.job(id)
  if (row === null) throw new Error('the job is there')
  const line = log.map((text): Record<string, unknown> => JSON.parse(text)).find(({ msg }) => msg === 'job completed')
  expect(line).toMatchObject(labelsOfJob(row))
  const text = await metrics.text()
  expect(Number(/^forge_answer_ack_seconds_count\{outcome="stored"\} (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0)
  const { assigned, answered, accepted } = second.hub.figures().counts
  // Of both passes.
  expect([assigned.first, answered, accepted]).toEqual([2 * SHARDS, 2 * SHARDS, 2 * SHARDS])
  await second.stop()
})

test('lines say which jobs were taken, and that one was cancelled; who counts hears that it is held no more', async () => {
  const log: string[] = []
  const logger = createLogger('info', { write: (line) => void log.push(line) })
  const forgotten: string[] = []
  const metrics = { ...createMetrics(), forgotten: (id: string) => void forgotten.push(id) }
  const first = new TinyPool(store)
  await first.start()
  const id = await first.submit()
  await first.stop()
  const second = new TinyPool(store)
  await second.start({ logger, metrics })
  await second.hub.cancel(id)
  await second.stop()
  const lines = log.map((text): Record<string, unknown> => JSON.parse(text))
  const taken = { jobs: 1, job_ids: [id], server: expect.any(Number), from: 'all that are gone' }
  expect(lines.find(({ msg }) => msg === 'unfinished jobs go on')).toMatchObject(taken)
  expect(lines.find(({ msg }) => msg === 'job cancelled')).toMatchObject({ job_id: id })
  expect(forgotten).toEqual([id])
})
