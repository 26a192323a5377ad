// The store on PGlite, and what only a directory of one's own can suffer: close and open, a second process, a sudden end.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { typescriptProcess } from '../typescript-process.ts'
import { openStore } from './open-store.ts'
import { openPglite } from './pglite-driver.ts'
import { createEngine, type Driver } from './engine.ts'
import { lockDirectory } from './directory-lock.ts'
import { migrate } from './migrate.ts'
import { textArray } from './prepared.ts'
import { createStore } from './sql-store.ts'
import { describeStore } from './store.case.ts'
import { accepted, aJob, acceptedOf } from './store.fixtures.ts'
import { setting, settingOrPut } from './queries/settings.ts'

const START_TIMEOUT_MS = 60_000
const CHILD = new URL('./store-test-worker.ts', import.meta.url)

let folder: string
// A copy of one that was made once: to make the tables anew is migrate.test.ts's, and takes PGlite seconds.
beforeAll(async () => {
  folder = await freshDataDir()
}, START_TIMEOUT_MS)
afterAll(() => rm(folder, { recursive: true, force: true }))

// Opened by hand instead of by openStore, to keep the driver for statements past the store, and for tests of the driver: to
// open one takes a second.
let driver: Driver
describeStore('the store on PGlite', {
  async open() {
    const lock = await lockDirectory(folder)
    driver = await openPglite(path.join(folder, 'pglite'))
    await migrate(driver)
    const store = createStore(createEngine(driver), () => lock.release())
    return { store, sql: (text) => driver.query(text, []) }
  },
  openTimeoutMs: START_TIMEOUT_MS,
  // On Postgres always.
  isLarge: process.env['FORGE_TEST_ALL'] === '1',
  more() {
    test('an array of any texts comes as it was', async () => {
      const texts = fc.array(
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'NULL', '\\', '"', '{a,"b"}', ' ')),
      )
      await fc.assert(
        fc.asyncProperty(texts, async (all) => {
          const kept = all.filter((text) => !text.includes('\0'))
          const rows = await driver.query('select unnest($1::text[])', [textArray(kept)])
          expect(rows.flat()).toEqual(kept)
        }),
        { numRuns: 50 },
      )
    })

    test('jobs that were given up are counted in the database, and not fetched to be counted', async () => {
      const fetched: number[] = []
      const query: typeof driver.query = async (...asked) => {
        const rows = await driver.query(...asked)
        fetched.push(rows.length)
        return rows
      }
      const store = createStore(createEngine({ ...driver, query }), () => Promise.resolve())
      const project = await store.defaultProject()
      const day = 20_000 * 86_400_000
      for (let n = 0; n < 5; n++) {
        const job = { ...aJob(project), createdAtMs: day + n }
        await store.insertJob(job)
        await store.updateJob(job.id, { state: 'RUNNING', reason: null, startedAtMs: day + n })
        await store.finishJob(job.id, { state: 'CANCELLED', problem: problem('CANCELLED', 'x'), finishedAtMs: day + n })
      }
      fetched.length = 0
      expect(await store.givenUpOnDay(project, day + 10, 4)).toBe(4)
      expect(fetched).toEqual([1])
    })

    test('a query from outside waits for the transaction; from inside, any handle but its own is refused', async () => {
      const engine = createEngine(driver)
      const order: string[] = []
      let outside = Promise.resolve<string | null>(null)
      const begun = signal()
      const asked = signal()
      const transaction = engine.transaction(async (db) => {
        await settingOrPut(db, 'nesting', 'from inside')
        begun.give()
        await asked.given
        await expect(engine.run((other) => setting(other, 'nesting'))).rejects.toThrow(/only its own handle/)
        await expect(engine.transaction((other) => setting(other, 'nesting'))).rejects.toThrow(/only its own handle/)
        order.push('transaction')
      })
      await begun.given
      outside = engine.run((db) => setting(db, 'nesting')).finally(() => order.push('outside'))
      asked.give()
      await transaction
      expect(await outside).toBe('from inside')
      expect(order).toEqual(['transaction', 'outside'])

      const forgiving = engine.transaction(async (db) => {
        await settingOrPut(db, 'half', 'done')
        await db.execute('select no_such_function()').catch(() => undefined)
      })
      await expect(forgiving, 'a forgiven failure is no commit').rejects.toThrow(/no_such_function/)
      expect(await engine.run((db) => setting(db, 'half'))).toBeNull()
    })
  },
})

test('one directory is opened by one process, once, and has what was written there before', async () => {
  const store = await openStore({ dataDir: folder })
  const job = aJob(await store.defaultProject())
  await store.insertJob(job)
  await store.writeShards(accepted(job.id, [0, 1, 2], 2_500))
  await expect(openStore({ dataDir: folder })).rejects.toThrow(/in use by this very process/)
  const child = await startChild('open')
  expect(await heard(child)).toMatch(/in use by another process \(pid \d+\)/)
  await store.close()
  await store.close()
  expect(await readdir(path.join(folder, 'lock'))).toEqual([])
  const second = await openStore({ dataDir: folder })
  expect(await second.job(job.id)).toMatchObject(job)
  expect(await acceptedOf(second, job.id)).toHaveLength(3)
  await second.close()
})

test('a process killed in the midst of writing loses nothing acknowledged, and leaves no lock behind', async () => {
  const child = await startChild('write')
  const written: number[] = []
  let jobId = ''
  await new Promise<void>((resolve) => {
    child.on('message', (message: unknown) => {
      if (jobId === '') jobId = String(message)
      else written.push(Number(message))
      if (written.length === 30) resolve()
    })
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const store = await openStore({ dataDir: folder })
  const there = (await acceptedOf(store, jobId as JobId)).map((row) => row.shard)
  expect(there.slice(0, written.length)).toEqual(written)
  await store.close()
}, 30_000)

function signal() {
  let give: () => void = () => undefined
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { give: () => give(), given }
}

const startChild = (task: 'open' | 'write'): Promise<ChildProcess> =>
  typescriptProcess(CHILD, [task, folder], { stdout: 'inherit', stderr: 'inherit' })

async function heard(child: ChildProcess): Promise<string> {
  const [message] = await once(child, 'message')
  return String(message)
}
