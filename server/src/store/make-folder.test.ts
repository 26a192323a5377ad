// Folders that cannot be made are a sentence for the operator, at once.
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sentenceFor } from '../sentence-for.ts'
import { lockDirectory } from './directory-lock.ts'
import { makeFolder } from './make-folder.ts'

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
