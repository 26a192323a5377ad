// Objects on disk: whole or not at all, by ranges, and nothing left of what failed.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDiskObjects } from './disk-objects.ts'
import { testObjects } from './objects.case.ts'
import type { ObjectStore } from './object-store.ts'

let folder: string
let objects: ObjectStore
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'forge-objects-'))
  objects = await openDiskObjects(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

testObjects(() => objects)

// By itself, because the S3-compatible server of the other tests takes an end of 0 for none.
test('the first byte alone', async () => {
  const id = '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7B'
  await objects.put(id, bytesOf('xyz'))
  for await (const chunk of objects.read(id, { first: 0, last: 0 })) expect([...chunk]).toEqual([120])
})

test('nothing is left of uploads that failed, or that an earlier process began', async () => {
  const uploads = path.join(folder, 'uploads')
  expect(await readdir(uploads)).toEqual([])
  await writeFile(path.join(uploads, '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A'), 'half')
  await openDiskObjects(folder)
  expect(await readdir(uploads)).toEqual([])
})

test('an id never leads out of the folder', async () => {
  for (const id of ['', '..', '../../etc', '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A/..']) {
    await expect(objects.put(id, bytesOf('x'))).rejects.toThrow(/no id/)
  }
})

async function* bytesOf(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text)
}
