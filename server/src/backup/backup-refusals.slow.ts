// What is no good backup is refused with a sentence, and nothing is left of it in the store it was meant for.
import { randomBytes } from 'node:crypto'
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDiskObjects } from '../memory/blob/disk-objects.ts'
import { openForReading, openStore, type StoreOptions } from '../store/open-store.ts'
import { objectsOf, putBlob, Room } from './backup.fixtures.ts'
import { backUp } from './backup.ts'
import { restore } from './restore.ts'

let room: Room
beforeAll(async () => {
  room = await Room.open()
}, 60_000)
afterAll(() => room.close())

describe('what is no good backup is refused before anything is written', () => {
  let options: StoreOptions
  let folder: string
  beforeAll(async () => {
    options = await room.migrated('embedded')
    const [store, objects] = [await openStore(options), await objectsOf(options)]
    await putBlob(store, objects, await store.defaultProject(), 'b', randomBytes(500))
    await store.close()
    folder = path.join(await room.newFolder(), 'backup')
    await backUp({ store: options, objects, folder, nowMs: Date.now() })
  }, 60_000)

  const copied = async (): Promise<string> => {
    const copy = path.join(await room.newFolder(), 'copy')
    await backUp({ store: options, objects: await objectsOf(options), folder: copy, nowMs: Date.now() })
    return copy
  }
  const refused = async (broken: string): Promise<string> => {
    const target = await room.empty('embedded')
    const reason = await restore({ store: target, objects: await objectsOf(target), folder: broken }).then(
      () => 'restored',
      (error: Error) => `${error.name}: ${error.message}`,
    )
    expect(reason).toMatch(/^CannotRead: /)
    await expect(openForReading(target)).rejects.toThrow(/There is no store/)
    return reason
  }

  test('an empty folder, and one whose backup broke off', { timeout: 60_000 }, async () => {
    expect(await refused(await room.newFolder())).toMatch(/no whole backup/)
    const broken = await copied()
    await rm(path.join(broken, 'manifest.json'))
    expect(await refused(broken)).toMatch(/no whole backup/)
    await writeFile(path.join(broken, 'manifest.json'), '{"format":')
    expect(await refused(broken)).toMatch(/is not the manifest/)
  })

  test('a table that was changed or is missing', { timeout: 60_000 }, async () => {
    const broken = await copied()
    const file = path.join(broken, 'tables', 'projects.jsonl.gz')
    await appendFile(file, 'x')
    expect(await refused(broken)).toMatch(/its table projects is not what/)
    await rm(file)
    expect(await refused(broken)).toMatch(/its table projects is not what/)
  })

  test('one of a later version', { timeout: 60_000 }, async () => {
    const later = await copied()
    const file = path.join(later, 'manifest.json')
    const manifest = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...manifest, migrations: [...manifest.migrations, 'new'] }))
    expect(await refused(later)).toMatch(/another or a later version/)
  })

  test('objects that were changed or are missing', { timeout: 60_000 }, async () => {
    const broken = await copied()
    const [sub = ''] = await readdir(path.join(broken, 'objects'))
    const [name = ''] = await readdir(path.join(broken, 'objects', sub))
    const file = path.join(broken, 'objects', sub, name)
    const target = await room.empty('Postgres')
    const again = async () => restore({ store: target, objects: await objectsOf(target), folder: broken })
    await appendFile(file, 'x')
    await expect(again()).rejects.toThrow(/missing or broken/)
    await rm(file)
    await expect(again()).rejects.toThrow(/missing or broken/)
    // Nor are there tables: the same folder can be tried again.
    await expect(openForReading(target)).rejects.toThrow(/no store of Forge Pool/)
  })

  test('a folder with something in it takes no backup, and a store with a broken object gives none', async () => {
    const objects = await objectsOf(options)
    await expect(backUp({ store: options, objects, folder, nowMs: 0 })).rejects.toThrow(/is not empty/)
    const nothing = await room.newFolder()
    const without = openDiskObjects(path.join(nothing, 'objects'))
    const to = path.join(await room.newFolder(), 'to')
    await expect(backUp({ store: options, objects: await without, folder: to, nowMs: 0 })).rejects.toThrow(
      /is missing or/,
    )
    expect(await readdir(to)).not.toContain('manifest.json')
  })
})
