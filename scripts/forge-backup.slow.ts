// Backup, restore and forgetting by their commands, each a process of its own. What they do is tested beside their code;
// here is what their user types and reads.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '@forge/server/store/open-store.ts'
import { aJob } from '@forge/server/store/store.fixtures.ts'
import { forge } from './forge.fixtures.ts'
import { freshDataDir } from './machine/fresh-store.ts'

let folder: string
beforeAll(async () => {
  folder = await freshDataDir()
  const store = await openStore({ dataDir: folder })
  await store.insertJob(aJob(await store.defaultProject()))
  await store.close()
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a store is backed up into a new folder, and restored where there is none', { timeout: 120_000 }, async () => {
  const to = path.join(folder, 'backups', 'one')
  expect(await forge(['backup'], folder)).toEqual({ code: 2, said: expect.stringMatching(/^Name a new folder/) })
  expect(await forge(['backup', '--too', to], folder)).toMatchObject({ code: 2, said: expect.stringMatching(/--too/) })
  const backedUp = await forge(['backup', '--to', to], folder)
  expect(backedUp).toEqual({
    code: 0,
    said: expect.stringMatching(/^Backed up into .+: 1 jobs, \d+ rows in \d+ tables/),
  })
  expect(await forge(['backup', '--to', to], folder)).toMatchObject({
    code: 2,
    said: expect.stringMatching(/not empty/),
  })
  const held = await forge(['restore', '--from', to], folder)
  expect(held).toEqual({ code: 2, said: expect.stringMatching(/^There is a store already/) })
  const other = await mkdtemp(path.join(tmpdir(), 'forge-restored-'))
  const restored = await forge(['restore', '--from', to], other)
  expect(restored).toEqual({ code: 0, said: expect.stringMatching(/^Restored what was there at .+: 1 jobs, /) })
  expect(await forge(['forget-networks'], other)).toMatchObject({
    code: 2,
    said: expect.stringMatching(/--older-than/),
  })
  const forgotten = await forge(['forget-networks', '--older-than', '0'], other)
  expect(forgotten).toEqual({ code: 0, said: expect.stringMatching(/^The networks of 0 jobs are forgotten/) })
  expect(await forge(['verify-store'], other)).toEqual({ code: 0, said: '1 jobs, 0 shards, 0 problems' })
  await rm(other, { recursive: true })
})

test('a backup without objects says at its restore what is missing', { timeout: 120_000 }, async () => {
  const to = path.join(folder, 'backups', 'bare')
  const backedUp = await forge(['backup', '--to', to, '--without-objects'], folder)
  expect(backedUp).toEqual({ code: 0, said: expect.stringContaining('without objects') })
  const other = await mkdtemp(path.join(tmpdir(), 'forge-restored-'))
  const restored = await forge(['restore', '--from', to], other)
  expect(restored).toEqual({ code: 0, said: expect.stringMatching(/bytes of blobs and arrays are not in it/) })
  await rm(other, { recursive: true })
})
