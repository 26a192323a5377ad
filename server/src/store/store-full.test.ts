// A database without room, played by a driver that says what a real one says: a new job is refused at once, and what fails is
// told apart from what is refused for what it says.
import { expect, test } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { createEngine, type Driver } from './engine.ts'
import { isPassing, isRefusal, isStoreFull } from './sql-error.ts'
import { createStore } from './sql-store.ts'
import { accepted, aJob } from './store.fixtures.ts'
import { transaction } from './transaction.ts'

/** Takes `begin` and `rollback`, and has no room for anything else. */
function fullDriver() {
  const asked: string[] = []
  const query: Driver['query'] = async (text) => {
    asked.push(text)
    if (/^(begin|rollback)$/.test(text)) return []
    throw Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' })
  }
  const close = () => Promise.resolve()
  const session = () => ({ query, close })
  const driver: Driver = { query, lanes: 1, begin: (work) => transaction(query, work), session, close }
  return { driver, asked }
}

test('a new job is refused at the first try, and its transaction is rolled back', async () => {
  const { driver, asked } = fullDriver()
  const store = createStore(createEngine(driver), () => Promise.resolve())
  const error: unknown = await store.insertJob(aJob('p' as ProjectId)).catch((caught: unknown) => caught)
  expect([isStoreFull(error), isRefusal(error), isPassing(error)]).toEqual([true, false, false])
  expect(asked.filter((text) => text === 'begin')).toHaveLength(1)
  expect(asked.at(-1)).toBe('rollback')
})

test('writes that travel together all fail, and are not tried one by one', async () => {
  const { driver, asked } = fullDriver()
  const store = createStore(createEngine(driver), () => Promise.resolve())
  const job = aJob('p' as ProjectId)
  const results = await Promise.allSettled([0, 1, 2].map((shard) => store.writeShards(accepted(job.id, [shard]))))
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(asked.filter((text) => text === 'begin')).toHaveLength(1)
})
