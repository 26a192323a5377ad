// The operator's command line on real folders: what it says of a good store, of none, and of one that a server holds. What
// it finds has its tests beside the checks.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '@forge/server/store/open-store.ts'
import { aJob } from '@forge/server/store/store.fixtures.ts'
import { freshDataDir } from './machine/fresh-store.ts'

const FORGE = fileURLToPath(new URL('forge.ts', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await freshDataDir()
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

async function forge(args: readonly string[], dataDir: string): Promise<{ code: number | null; said: string }> {
  const { DATABASE_URL: _, ...env } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', FORGE, ...args], {
    env: { ...env, FORGE_DATA_DIR: dataDir },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, said: said.trim() }
}

test('a store with a job is verified; while a server holds it, it is not', { timeout: 60_000 }, async () => {
  const store = await openStore({ dataDir: folder })
  await store.insertJob(aJob(await store.defaultProject()))
  const held = await forge(['verify-store'], folder)
  expect(held).toMatchObject({ code: 2, said: expect.stringMatching(/is in use by another process/) })
  expect(held.said).not.toMatch(/^\s+at /m)
  await store.close()
  expect(await forge(['verify-store'], folder)).toEqual({ code: 0, said: '1 jobs, 0 shards, 0 problems' })
})

test('where there is no store, none is made', async () => {
  const empty = await mkdtemp(path.join(tmpdir(), 'forge-empty-'))
  const none = await forge(['verify-store'], empty)
  expect(none).toEqual({ code: 2, said: expect.stringMatching(/^There is no store in/) })
  await rm(empty, { recursive: true })
})

test('another word is answered with what there is', async () => {
  const unknown = await forge(['verify'], folder)
  expect(unknown).toEqual({ code: 2, said: expect.stringMatching(/^Usage: pnpm forge verify-store/) })
})
