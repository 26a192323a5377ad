// A store that a real Hub has written, of either kind, backed up and restored into either kind: it verifies, its bundles are
// the same and proved, its blobs have their bytes, and the guards of what is recorded stand again. On Postgres the server
// goes on writing meanwhile.
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { sweepMemory } from '../memory/sweeper.ts'
import { holdObjects } from '../store/backup-lock.ts'
import { migrateTo } from '../store/migrate.ts'
import { openForReading, openSnapshot, openStore } from '../store/open-store.ts'
import { verifyStore } from '../verify-store/verify-store.ts'
import {
  asked,
  fingerprintOf,
  mustBe,
  objectsOf,
  putBlob,
  Room,
  written,
  type Kind,
  type Written,
} from './backup.fixtures.ts'
import { backUp } from './backup.ts'
import { tablesOf } from './catalog.ts'
import { restore } from './restore.ts'

/** The version before memory: it has neither objects nor KV. */
const BEFORE_MEMORY = 14

let room: Room
beforeAll(async () => {
  room = await Room.open()
}, 60_000)
afterAll(() => room.close())

const all = process.env['FORGE_TEST_ALL'] === '1'
/** Of an embedded store and into one, which is opened eight times for it and takes seconds each, where there is time. */
const KINDS: readonly Kind[] = all ? ['embedded', 'Postgres'] : ['Postgres']

describe.each<Kind>(KINDS)('a store: %s', (kind) => {
  let was: Written
  let folder: string
  beforeAll(async () => {
    folder = path.join(await room.newFolder(), 'backup')
    const options = await room.migrated(kind)
    const store = await openStore(options)
    was = await written(store, options)
    if (kind === 'embedded') {
      await expect(backUp({ store: options, objects: null, folder, nowMs: 0 })).rejects.toThrow(/is in use/)
      await rm(folder, { recursive: true })
      await store.close()
      await backUp({ store: options, objects: was.objects, folder, nowMs: Date.now() })
      return
    }
    // The server is at work: jobs end, rows come and go.
    const pool = new TinyPool(store)
    await pool.start()
    pool.agent()
    const end = { come: false }
    const work = (async () => {
      for (let n = 0; !end.come; n++) {
        await pool.ended(await pool.submit())
        await putBlob(store, was.objects, was.project, `more/${n % 3}`, randomBytes(1_000))
        await sweepMemory(store, was.objects, Date.now())
      }
    })()
    await backUp({ store: options, objects: was.objects, folder, nowMs: Date.now() })
    end.come = true
    await work
    await pool.hub.cancel(was.open)
    await pool.stop()
    await store.close()
  }, 120_000)

  test.each<Kind>(KINDS)('restored: %s', { timeout: 120_000 }, async (into) => {
    const target = await room.empty(into)
    await restore({ store: target, objects: await objectsOf(target), folder })
    const fresh = await room.migrated(into)
    expect(await fingerprintOf(target)).toEqual(await fingerprintOf(fresh))
    await rm(fresh.dataDir, { recursive: true })
    await mustBe(target, was)
    // Nothing is ever restored over a store.
    const again = restore({ store: target, objects: await objectsOf(target), folder })
    await expect(again).rejects.toThrow(/There is a store already/)
  })

  test('it is its owner’s alone, and holds every row of its moment', async () => {
    expect((await stat(folder)).mode & 0o77).toBe(0)
    const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'))
    for (const [table, { rows }] of Object.entries<{ rows: number }>(manifest.tables)) {
      const file = path.join(folder, 'tables', `${table}.jsonl.gz`)
      expect((await stat(file)).mode & 0o77).toBe(0)
      const text = gunzipSync(await readFile(file)).toString()
      expect([table, text.split('\n').length - 1]).toEqual([table, rows])
    }
    expect(manifest.tables.jobs.rows).toBeGreaterThanOrEqual(3)
    expect(manifest.objects.count).toBe(manifest.tables.objects.rows)
  })

  test('without its objects, the tables alone', { timeout: 60_000 }, async () => {
    const [target, bare] = [await room.empty('Postgres'), path.join(await room.newFolder(), 'bare')]
    await backUp({ store: was.options, objects: null, folder: bare, nowMs: 0 })
    await restore({ store: target, objects: await objectsOf(target), folder: bare })
    expect(await readdir(path.join(target.dataDir, 'objects'))).toEqual(['uploads'])
    const reading = await openForReading(target)
    expect((await verifyStore(reading, () => undefined)).problems).toBe(0)
    await reading.close()
  })

  test('of a version before is brought up to date', { timeout: 60_000 }, async () => {
    const [target, old] = [await room.empty('Postgres'), path.join(await room.newFolder(), 'old')]
    await backUp({ store: was.options, objects: null, folder: old, nowMs: 0 })
    const before = await asked(await room.empty('Postgres'), async (query) => {
      await migrateTo(query, BEFORE_MEMORY)
      return tablesOf(query)
    })
    const file = path.join(old, 'manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8'))
    const tables = Object.fromEntries(before.map((table) => [table, manifest.tables[table]]))
    await writeFile(
      file,
      JSON.stringify({ ...manifest, tables, migrations: manifest.migrations.slice(0, BEFORE_MEMORY) }),
    )
    await restore({ store: target, objects: await objectsOf(target), folder: old })
    const reading = await openForReading(target)
    expect(await verifyStore(reading, () => undefined)).toMatchObject({ problems: 0 })
    await reading.close()
  })
})

test('while a backup runs, no bytes are removed', { timeout: 60_000 }, async () => {
  const options = await room.empty('Postgres')
  const [store, objects] = [await openStore(options), await objectsOf(options)]
  const project = await store.defaultProject()
  const first = await putBlob(store, objects, project, 'b', randomBytes(10))
  const { driver } = await openSnapshot(options, holdObjects)
  await putBlob(store, objects, project, 'b', randomBytes(20))
  expect(await store.objectsToRemove(Date.now() + 1)).toEqual([])
  await driver.close()
  await vi.waitFor(async () => expect(await store.objectsToRemove(Date.now() + 1)).toEqual([first]))
  await store.close()
})
