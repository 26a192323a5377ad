// The operator's command line on real folders: what it says of a good store, of none, and of one that a server holds. What
// it finds has its tests beside the checks.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '@forge/server/store/open-store.ts'
import { aJob } from '@forge/server/store/store.fixtures.ts'
import type { Bundle } from '@forge/shared/receipt/bundle.ts'
import { aBundle } from '@forge/shared/receipt/bundle.fixtures.ts'
import { CannotVerify, verifyBundle } from './forge/verify-bundle.ts'
import { forge } from './forge.fixtures.ts'
import { freshDataDir } from './machine/fresh-store.ts'

let folder: string
beforeAll(async () => {
  folder = await freshDataDir()
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

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

test('whoever reads no further, as `head` does, gets no stack trace', { timeout: 60_000 }, () => {
  const piped = ['-c', '"$0" --import tsx scripts/forge.ts help | true', process.execPath]
  expect(spawnSync('sh', piped, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
})

describe('a bundle', () => {
  let good: Bundle
  const written = async (name: string, content: unknown): Promise<string> => {
    const file = path.join(folder, name)
    const isAsItIs = typeof content === 'string' || content instanceof Uint8Array
    await writeFile(file, isAsItIs ? content : JSON.stringify(content))
    return file
  }
  /** With one field named twice: a lie, and behind it what JSON.parse takes. */
  const twice = (document: object): string =>
    JSON.stringify(document).replace(/"(state|algorithm)":/, '"$1":"a lie","$1":')
  beforeAll(async () => {
    good = await aBundle()
  }, 60_000)

  test('that is good is proved, shard by shard, with the keys that are trusted', { timeout: 60_000 }, async () => {
    const files = [await written('good.json', good), '--keys', await written('keys.json', good.keys)]
    const { code, said } = await forge(['verify', ...files, '--shards', '4'], folder)
    expect(said).toMatch(/^proved {2}shards: 4 of 9, run again on wasm, have the same digests: /m)
    expect(said).toMatch(/^proved {2}output: 9 partials reduce to the output$/m)
    expect(said).toMatch(/^open {4}shards: the other 5 shards/m)
    expect(said).toMatch(/^Nothing is wrong\.$/m)
    expect(code).toBe(0)
  })

  test('that is not ends with 1 and says where', { timeout: 60_000 }, async () => {
    const file = await written('bad.json', { ...good, price_list: { ...good.price_list, version: 2 } })
    const { code, said } = await forge(['verify', file, '--shards', '0'], folder)
    expect(said).toMatch(/^WRONG {3}price list: price_list: its digest is/m)
    expect(code).toBe(1)
    expect(await forge(['verify', await written('none.json', '{}')], folder)).toMatchObject({ code: 1 })
  })

  test('that cannot be looked at ends with 2 and a sentence', { timeout: 60_000 }, async () => {
    const { code, said } = await forge(['verify', 'missing.json'], folder)
    expect(said).toMatch(/cannot be read/)
    expect(said).not.toMatch(/^\s+at /m)
    expect(code).toBe(2)
    const job = good.receipt.body.job_id
    const receipt = await forge(['verify', await written('receipt.json', good.receipt)], folder)
    expect(receipt).toEqual({
      code: 2,
      said: `${path.join(folder, 'receipt.json')} is a receipt alone, not a bundle: fetch GET /api/v0/jobs/${job}/bundle, which has all that checking it needs.`,
    })
    // Whatever is refused so ends like that; a process for each would prove no more.
    const asked: readonly (readonly [string[], RegExp])[] = [
      [[await written('text.json', 'text')], /cannot be read/],
      [[await written('keys.json', good.keys)], /is a list of keys, not a bundle: give it behind --keys/],
      [
        [await written('answer.json', { job_id: job, ...good.answer })],
        /is the answer of a job, not a bundle: fetch GET/,
      ],
      [
        [await written('twice.json', twice(good))],
        /cannot be read: receipt\.body\.state: this field is there twice\.$/,
      ],
      [
        [await written('good.json', good), '--keys', await written('keys-twice.json', twice(good.keys))],
        /keys-twice\.json cannot be read: .*there twice\.$/,
      ],
      [[await written('latin.json', Uint8Array.of(0x22, 0xe9, 0x22))], /cannot be read: .*utf-8/i],
      [['a', 'b'], /^Name one file/],
      [['a', '--shards', '-1'], /shards/],
      [['a', '--engine', 'gpu'], /not wasm or reference/],
      [['a', '--key', 'b'], /--key/],
    ]
    for (const [args, sentence] of asked) {
      const refused: unknown = await verifyBundle(args, () => undefined).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(CannotVerify)
      expect(refused).toMatchObject({ message: expect.stringMatching(sentence) })
    }
  })
})

test('another word is answered with what there is', async () => {
  const unknown = await forge(['verify'], folder)
  expect(unknown).toEqual({ code: 2, said: expect.stringMatching(/^Usage: pnpm forge verify-store/) })
})
