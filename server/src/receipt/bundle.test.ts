// A bundle from a real store and a real pool is proved by the offline check, with its partials and after retention took them;
// a proof of each shard leads to the receipt's root; and a replay is found to be the same.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Engine } from '@forge/shared/agent/engines/engine.ts'
import { checkBundle } from '@forge/shared/receipt/check-bundle.ts'
import { isIncluded } from '@forge/shared/receipt/proof.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { createLogger } from '../logger.ts'
import { tinyKernel } from '../hub/edge/tiny-kernel.fixtures.ts'
import { REFEREE_TOKEN, SHARDS, TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { openStore } from '../store/open-store.ts'
import type { PartialRow, Store } from '../store/store.ts'
import { bundleOf } from './bundle.ts'
import { RECEIPT_LIMITS } from './limits.ts'
import { comparisonOf, proofOf } from './reads.ts'
import { createSealer, type Sealer } from './sealer.ts'
import { openSigner } from './signing-key.ts'

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

let folder: string
let store: Store
let sealer: Sealer
let jobs: JobId[]
const UNKNOWN = '01ARZ3NDEKTSV4RRFFQ69G5FAV' as JobId
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
  const signer = await openSigner({ store, configuredKey: null, nowMs: Date.now(), randomBytes })
  sealer = createSealer({ store, signer, logger: createLogger('silent'), clock: Date.now })
  const pool = new TinyPool(store)
  await pool.start()
  pool.agent()
  pool.agent({ token: REFEREE_TOKEN })
  jobs = []
  for (const verify of ['spotcheck', 'none'] as const) jobs.push(await pool.submit({ shards: SHARDS }, { verify }))
  for (const id of jobs) expect(await pool.ended(id)).toMatchObject({ code: undefined })
  await pool.stop()
}, 60_000)
afterAll(async () => {
  await sealer.close()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

async function bundleText(id: JobId, from: Store): Promise<string> {
  const pieces = await bundleOf(id, { store: from, sealer })
  if (pieces === null) throw new Error('the job has a bundle')
  return text(pieces)
}

const check = async (id: JobId) => {
  const bundle = JSON.parse(await bundleText(id, store))
  let next = 0
  const keys = (await sealer.keys())?.body.keys ?? []
  const checked = await checkBundle(bundle, { keys, engine, shards: 99, draw: (of) => next++ % of })
  return {
    wrong: checked.filter(({ is }) => is === 'wrong'),
    unshown: checked.filter(({ is }) => is === 'unshown').map(({ name }) => name),
  }
}

test('a bundle is proved, first and last pass', async () => {
  for (const id of jobs) expect(await check(id)).toEqual({ wrong: [], unshown: ['notices'] })
})

test('partials are read as the bundle is, and those beyond the limit are left out', async () => {
  const [id] = jobs
  if (id === undefined) throw new Error('there is a job')
  let read = 0
  const partial = { shard: 0, digest: '', bytes: new Uint8Array(RECEIPT_LIMITS.bundlePieceCharactersMin) }
  const many: Pick<Store, 'acceptedPartials'> = {
    async *acceptedPartials() {
      for (read = 0; read < 100; read++) yield partial as PartialRow
    },
  }
  const pieces = await bundleOf(id, { store: { ...store, ...many }, sealer })
  expect(read).toBe(0)
  expect((await pieces?.next())?.value).toMatch(/^\{"format":"forge-pool\/bundle\.v1",/)
  expect(read).toBe(0)
  await pieces?.next()
  expect(read).toBe(1)
  await pieces?.return(undefined)
  const bytes = await store.acceptedBytes(id)
  expect(bytes).toBeGreaterThan(0)
  const large = { ...store, ...many, acceptedBytes: async () => RECEIPT_LIMITS.bundlePartialBytesMax + 1 }
  const bundle = JSON.parse(await bundleText(id, large))
  expect(bundle).toMatchObject({ partials: null, partials_missing: 'size' })
})

test('each shard’s proof leads to the root; a shard, a job or an end that is not there has none', async () => {
  const [id] = jobs
  if (id === undefined) throw new Error('there is a job')
  const root = (await sealer.receiptOf(id))?.body.result?.merkle_root
  for (let shard = 0; shard < 2 * SHARDS; shard++) {
    const proof = await proofOf(id, shard, store)
    expect(proof).toMatchObject({ shard, merkle_root: root })
    expect(proof && isIncluded(proof)).toBe(true)
  }
  for (const shard of [-1, 2 * SHARDS, 0.5, NaN]) expect(await proofOf(id, shard, store)).toBeNull()
  expect(await proofOf(UNKNOWN, 0, store)).toBeNull()
  expect(await bundleOf(UNKNOWN, { store, sealer })).toBeNull()
})

test('two runs of a contract are identical, whatever their policies', async () => {
  const [original, replay] = await Promise.all(jobs.map((id) => store.job(id)))
  if (!original || !replay) throw new Error('there are two jobs')
  expect(comparisonOf(original, replay)).toEqual({ identical: true })
  expect(comparisonOf(original, { ...replay, answer: null })).toBeNull()
  const other = { ...replay, answer: replay.answer?.replace('"above":', '"above":1') ?? null }
  expect(comparisonOf(original, other)).toMatchObject({
    identical: false,
    differences: [{ path: 'hub.output.above' }],
  })
})

test('when retention has taken the partials, all is proved but the output', async () => {
  const [id] = jobs
  if (id === undefined) throw new Error('there is a job')
  expect(await store.dropPartials(Number.MAX_SAFE_INTEGER, Date.now())).toContain(id)
  expect(await check(id)).toEqual({ wrong: [], unshown: ['notices', 'output'] })
})
