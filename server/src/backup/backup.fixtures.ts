// Stores for the tests of backup and restore: written by a Hub and its agents, and looked at in every way after a restore.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { ulid } from 'ulid'
import { expect } from 'vitest'
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { checkBundle } from '@forge/shared/receipt/check-bundle.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { startPostgres, type Postgres } from '../../../scripts/machine/postgres.ts'
import { tinyKernel } from '../hub/edge/tiny-kernel.fixtures.ts'
import { TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { createLogger } from '../logger.ts'
import { openDiskObjects } from '../memory/blob/disk-objects.ts'
import type { ObjectStore } from '../memory/blob/object-store.ts'
import { bundleOf } from '../receipt/bundle.ts'
import { forgetOld } from '../receipt/retention.ts'
import { createSealer } from '../receipt/sealer.ts'
import { openSigner } from '../receipt/signing-key.ts'
import type { Query } from '../store/engine.ts'
import { openDatabase, openForReading, openStore, type StoreOptions } from '../store/open-store.ts'
import { NO_QUOTA } from '../store/store.fixtures.ts'
import type { Store } from '../store/store.ts'
import { verifyStore } from '../verify-store/verify-store.ts'

const ALWAYS = { kind: 'always' } as const
/** Every character that a line or a number could be lost by; NUL as JSON has it. */
const VALUE = JSON.stringify({ text: 'a\u2028b\nc\u0000"\\ é 𝕊', big: 9007199254740993n.toString() })

export type Kind = 'embedded' | 'Postgres'

/** Room for stores of a test file: a Postgres, and a folder that goes with it. */
export class Room {
  readonly #server: Postgres
  readonly #base: string
  #databases = 0

  constructor(server: Postgres, base: string) {
    this.#server = server
    this.#base = base
  }

  static async open(): Promise<Room> {
    return new Room(await startPostgres(), await mkdtemp(path.join(tmpdir(), 'forge-backup-')))
  }

  async close(): Promise<void> {
    await this.#server.stop()
    await rm(this.#base, { recursive: true, force: true })
  }

  newFolder(): Promise<string> {
    return mkdtemp(path.join(this.#base, 'f-'))
  }

  /** Nothing is in it. */
  async empty(kind: Kind): Promise<StoreOptions> {
    const dataDir = await this.newFolder()
    if (kind === 'embedded') return { dataDir }
    const name = `store_${++this.#databases}`
    await asked({ databaseUrl: this.#server.url, dataDir }, (query) => query(`create database ${name}`, []))
    return { databaseUrl: this.#server.url.replace(/\w+$/, name), dataDir }
  }

  async migrated(kind: Kind): Promise<StoreOptions> {
    const options = kind === 'embedded' ? { dataDir: await freshDataDir() } : await this.empty(kind)
    await (await openStore(options)).close()
    return options
  }
}

export interface Written {
  readonly options: StoreOptions
  readonly objects: ObjectStore
  readonly project: ProjectId
  readonly done: readonly JobId[]
  readonly open: JobId
  readonly blob: Uint8Array
  readonly bundles: readonly string[]
}

export const objectsOf = ({ dataDir }: StoreOptions): Promise<ObjectStore> =>
  openDiskObjects(path.join(dataDir, 'objects'))

async function sealed<T>(store: Store, read: (sealer: ReturnType<typeof createSealer>) => Promise<T>): Promise<T> {
  const signer = await openSigner({ store, configuredKey: null, nowMs: Date.now(), randomBytes })
  const sealer = createSealer({ store, signer, logger: createLogger('silent'), clock: Date.now })
  sealer.wake()
  await sealer.idle()
  try {
    return await read(sealer)
  } finally {
    await sealer.close()
  }
}

const engine: Engine = {
  name: 'reference',
  load: async (_, launch) => ({
    run: async (ranges, emit) => {
      for (const range of ranges) emit(range.shard, tinyKernel.reference(launch, range))
    },
    close: () => undefined,
  }),
  close: () => undefined,
}

/** Each proved with the store's own keys, its shards run again. */
const bundlesOf = (store: Store, jobs: readonly JobId[]): Promise<string[]> =>
  sealed(store, async (sealer) => {
    const bundles: string[] = []
    for (const id of jobs) {
      const pieces = await bundleOf(id, { store, sealer })
      if (pieces === null) throw new Error(`job ${id} has no bundle`)
      bundles.push(await text(pieces))
    }
    const keys = (await sealer.keys())?.body.keys ?? []
    for (const bundle of bundles) {
      let next = 0
      const options = { keys, engine, shards: 99, draw: (of: number) => next++ % of }
      const checked = await checkBundle(JSON.parse(bundle), options)
      expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
    }
    return bundles
  })

export async function putBlob(store: Store, objects: ObjectStore, project: ProjectId, name: string, bytes: Uint8Array) {
  const objectId = ulid()
  await store.beginObject(objectId, Date.now() + 60_000)
  await objects.put(objectId, chunks(bytes))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const blob = { name, objectId, bytes: bytes.length, sha256, contentType: 'text/plain', expiresAtMs: null }
  expect(await store.putBlob(project, blob, ALWAYS, NO_QUOTA, Date.now())).toMatchObject({ status: 'written' })
  return objectId
}

async function* chunks(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes.subarray(0, 100)
  yield bytes.subarray(100)
}

/** By a Hub and its agents: two jobs that ended, one that has not, notices, memory. The store is left open. */
export async function written(store: Store, options: StoreOptions): Promise<Written> {
  const [objects, project] = [await objectsOf(options), await store.defaultProject()]
  const pool = new TinyPool(store)
  await pool.start()
  pool.agent()
  const done = [await pool.submit(), await pool.submit({ shards: 40 }, { verify: 'none' })]
  for (const id of done) expect(await pool.ended(id)).toMatchObject({ code: undefined })
  const open = await pool.submit({ shards: 40 }, { target: 'gpu' })
  await pool.stop()
  const [author] = await store.submissions(done[0] as JobId)
  if (author === undefined) throw new Error('nobody worked')
  await store.noticeFinished(author.executor, 'it lied elsewhere', Date.now())
  const write = { key: 'k\u2028', value: VALUE, expiresAtMs: null, condition: ALWAYS }
  await store.putKv(project, 'n', [write], NO_QUOTA, Date.now())
  const blob = randomBytes(300_000)
  await putBlob(store, objects, project, 'a/ü', blob)
  return { options, objects, project, done, open, blob, bundles: await bundlesOf(store, done) }
}

const FINGERPRINT = [
  `select c.relname::text, t.tgname::text, t.tgenabled::text, pg_get_triggerdef(t.oid) from pg_trigger t
    join pg_class c on c.oid = t.tgrelid where not t.tgisinternal order by 1, 2`,
  "select conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) from pg_constraint where conrelid <> 0 and connamespace = 'public'::regnamespace order by 1, 2",
  "select tablename::text, indexname::text, indexdef from pg_indexes where schemaname = 'public' order by 1, 2",
  'select position, hash from migrations order by 1',
]

export async function asked<T>(options: StoreOptions, ask: (query: Query) => Promise<T>): Promise<T> {
  const { driver, release } = await openDatabase(options)
  try {
    return await ask(driver.query)
  } finally {
    await driver.close()
    await release()
  }
}

export const fingerprintOf = (options: StoreOptions): Promise<unknown> =>
  asked(options, async (query) => {
    const found: unknown[] = []
    for (const statement of FINGERPRINT) found.push(await query(statement, []))
    return found
  })

async function mustVerify(options: StoreOptions): Promise<void> {
  const reading = await openForReading(options)
  const lines: string[] = []
  const verified = await verifyStore(reading, (line) => lines.push(line))
  await reading.close()
  expect(lines).toEqual([])
  expect(verified.jobs).toBeGreaterThanOrEqual(3)
}

/** Everything that whoever restored it would look at. */
export async function mustBe(options: StoreOptions, was: Written): Promise<void> {
  await mustVerify(options)
  const store = await openStore(options)
  try {
    expect(await bundlesOf(store, was.done)).toEqual(was.bundles)
    expect(await store.job(was.open)).toMatchObject({ finishedAtMs: null })
    expect(await store.kv(was.project, 'n', ['k\u2028'], Date.now())).toMatchObject([{ value: VALUE }])
    const blob = await store.blob(was.project, 'a/ü', Date.now())
    const read: Uint8Array[] = []
    for await (const chunk of (await objectsOf(options)).read(blob?.objectId ?? '')) read.push(chunk)
    expect(Buffer.concat(read).equals(was.blob)).toBe(true)
    // It goes on from there: the job that had not ended ends.
    const pool = new TinyPool(store)
    await pool.start()
    await pool.hub.cancel(was.open)
    pool.agent()
    const next = await pool.submit()
    expect(await pool.ended(next)).toMatchObject({ code: undefined })
    await pool.stop()
    const forget = { store, clock: () => Date.now() + 1, networksDays: 0 }
    expect(await forgetOld(forget, new AbortController().signal)).toBeGreaterThanOrEqual(was.done.length)
    await sealed(store, async () => undefined)
  } finally {
    await store.close()
  }
  // Records count networks, and can still be counted again.
  await mustVerify(options)
  await asked(options, async (query) => {
    await expect(query('update events set at_ms = 0', [])).rejects.toThrow(/never changed/)
    await expect(query("update jobs set answer = 'x' where state = 'COMPLETED'", [])).rejects.toThrow(/has ended/)
    await expect(query('truncate seals cascade', [])).rejects.toThrow(/never truncated/)
  })
}
