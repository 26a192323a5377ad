// Folders that cannot be made are a sentence for the operator, at once.
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { sentenceFor } from '../sentence-for.ts'
import { lockDirectory } from './directory-lock.ts'
import { openObjects, openObjectsBesideServer } from '../memory/blob/open-objects.ts'
import { makeFolder, makeOwnFolder, openToOthers } from './make-folder.ts'
import { openStore } from './open-store.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'forge-folder-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const sentence = async (act: Promise<unknown>): Promise<string | null> =>
  act.then(
    () => null,
    (error: unknown) => sentenceFor(error),
  )

test('a folder is made with those above it, twice, and by two at once', async () => {
  const deep = path.join(folder, 'a/b/c')
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(path.join(folder, 'a/x'))])
  await makeFolder(deep)
  expect((await stat(deep)).isDirectory()).toBe(true)
})

test.runIf(process.platform === 'linux')('one that cannot be made is refused, and not tried for ever', async () => {
  const said = await sentence(lockDirectory('/proc/nope'))
  expect(said).toMatch(
    /^The folder \/proc\/nope.* cannot be used: nothing can be made there\. Name a folder in FORGE_DATA_DIR/,
  )
})

test('a file is no folder, nor is what would lie in it', async () => {
  const file = path.join(folder, 'file')
  await writeFile(file, '')
  expect(await sentence(lockDirectory(file))).toMatch(/is a file\. Name a folder/)
  expect(await sentence(makeFolder(file))).toMatch(/it is a file\. Name a folder/)
  expect(await sentence(makeFolder(path.join(file, 'a', 'b')))).toMatch(/part of the path is a file\. Name a folder/)
})

// The superuser may write anywhere.
test.runIf(process.platform !== 'win32' && process.getuid?.() !== 0)('one without permission is refused', async () => {
  await makeFolder(path.join(folder, 'lock'))
  for (const closed of [path.join(folder, 'lock'), folder]) await chmod(closed, 0o500)
  expect(await sentence(lockDirectory(folder))).toMatch(/this user may not write there\. Name a folder/)
  expect(await sentence(makeFolder(path.join(folder, 'more')))).toMatch(/may not write there/)
  for (const closed of [folder, path.join(folder, 'lock')]) await chmod(closed, 0o700)
})

describe.runIf(process.platform !== 'win32')('others of the machine', () => {
  const modeOf = async (...parts: string[]): Promise<number> => (await stat(path.join(folder, ...parts))).mode & 0o777

  test('cannot enter what is made', async () => {
    await makeFolder(path.join(folder, 'a/b'))
    expect([await modeOf('a'), await modeOf('a/b')]).toEqual([0o700, 0o700])
  })

  test('can no longer enter a folder that is the server’s own, and what it lies in is left alone', async () => {
    await makeFolder(path.join(folder, 'data/own'))
    await chmod(path.join(folder, 'data'), 0o755)
    await chmod(path.join(folder, 'data/own'), 0o755)
    expect(await openToOthers([path.join(folder, 'data/own')])).toEqual([
      expect.stringMatching(/^Other users .* can enter the folder .*data\/own, /),
    ])
    await makeOwnFolder(path.join(folder, 'data/own'))
    expect([await modeOf('data'), await modeOf('data/own')]).toEqual([0o755, 0o700])
    expect(await openToOthers([path.join(folder, 'data/own'), path.join(folder, 'not-there')])).toEqual([])
  })

  test(
    'cannot enter an embedded store, nor the objects, new or from a version before',
    { timeout: 60_000 },
    async () => {
      const dataDir = await freshDataDir()
      const own = ['pglite', 'lock', 'objects'].map((name) => path.join(dataDir, name))
      const openUp = async (): Promise<void> => {
        for (const place of own) await makeFolder(place).then(() => chmod(place, 0o755))
      }
      try {
        await openUp()
        await (await openStore({ dataDir })).close()
        await (await openObjects({ dataDir, s3: null })).put('01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A', bytes())
        expect(await openToOthers(own)).toEqual([])
        const { mode } = await stat(path.join(dataDir, 'objects/7A/01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A'))
        expect(mode & 0o777).toBe(0o600)
        await openUp()
        await openObjectsBesideServer({ dataDir, s3: null })
        expect(await openToOthers([path.join(dataDir, 'objects')])).toEqual([])
      } finally {
        await rm(dataDir, { recursive: true, force: true })
      }
    },
  )
})

async function* bytes(): AsyncIterable<Uint8Array> {
  yield new Uint8Array(3)
}
