// The sealer on a real store with a real pool: every end is signed, whoever asks first and wherever it was stopped; what one
// key signed stays good under the next; notices are signed beside it; and tampering with any field is seen.
import { rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { toBase64, toHex } from '@forge/shared/exact/bytes.ts'
import { checkReceipt } from '@forge/shared/receipt/check-receipt.ts'
import { keyListProblem, signatureProblem } from '@forge/shared/receipt/keys.ts'
import { linkDigest } from '@forge/shared/receipt/link.ts'
import { bodyDigest } from '@forge/shared/receipt/signed.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { createLogger } from '../logger.ts'
import { REFEREE_TOKEN, SHARDS, TinyPool } from '../hub/edge/tiny-pool.fixtures.ts'
import { openStore } from '../store/open-store.ts'
import type { JobRow, Store } from '../store/store.ts'
import { RECEIPT_LIMITS } from './limits.ts'
import { createSealer, wakingStore, type Sealer } from './sealer.ts'
import { openSigner, secretKeyOf } from './signing-key.ts'

let folder: string
let store: Store
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 60_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

let nowMs = Date.now()
const sealerWith = async (key: string | null, on: Store = store): Promise<Sealer> => {
  const signer = await openSigner({ store: on, configuredKey: key, nowMs: ++nowMs, randomBytes })
  return createSealer({ store: on, signer, logger: createLogger('silent'), clock: () => ++nowMs })
}
const keysOf = async (sealer: Sealer) => {
  const list = await sealer.keys()
  if (list === null) throw new Error('the sealer has the newest key')
  expect(keyListProblem(list)).toBeNull()
  return list.body.keys
}
const jobOf = async (on: Store, policy = {}): Promise<JobId> => {
  const pool = new TinyPool(on)
  await pool.start()
  pool.agent()
  pool.agent({ token: REFEREE_TOKEN })
  const id = await pool.submit({ shards: SHARDS, twice: false }, policy)
  await pool.ended(id)
  await pool.stop()
  return id
}
const wrongOf = (checked: ReturnType<typeof checkReceipt>) => checked.filter(({ is }) => is !== 'proved')

test('a job that ends is signed behind it, and its receipt says all that the job was', async () => {
  const sealer = await sealerWith(null)
  const waking = wakingStore(store, sealer)
  const id = await jobOf(waking, { verify: 'spotcheck' })
  await sealer.idle()
  expect(await store.unsealed(0)).toEqual([])
  const receipt = await sealer.receiptOf(id)
  const row = await store.job(id)
  const answer = JSON.parse(row?.answer ?? '')
  expect(receipt?.body).toMatchObject({
    job_id: id,
    state: 'COMPLETED',
    contract_digest: row?.contractDigest,
    plan_digest: row?.planDigest,
    result: {
      merkle_root: answer.hub.replay.merkle_root,
      output_digest: answer.hub.replay.output_digest,
      verification: answer.hub.verification,
    },
    problem: null,
    billing: { ...answer.billing, mode: 'billable' },
  })
  const settled = (await store.transactionsOf(id)).find(({ kind }) => kind === 'settle')
  expect(JSON.parse(settled?.detail ?? '')).toEqual({ state: 'COMPLETED', price: receipt?.body.billing.micro_credits })
  if (receipt === null) throw new Error('it is signed')
  const keys = await keysOf(sealer)
  expect(wrongOf(checkReceipt(receipt, keys))).toEqual([])
  const link = await sealer.linkOf(id)
  expect(link?.body).toMatchObject({ job_id: id, kind: 'receipt', document: bodyDigest('receipt.v1', receipt.body) })
  expect(link && signatureProblem('receipt-link.v1', link, link.body.issued_at_ms, keys)).toBeNull()
  await sealer.close()
})

test('a failed job has a receipt that bills nothing; one that runs has none', async () => {
  const sealer = await sealerWith(null)
  const id = await jobOf(store, { target: 'gpu', timeout_ms: 10 })
  const receipt = await sealer.receiptOf(id)
  expect(receipt?.body).toMatchObject({
    state: 'FAILED',
    result: null,
    problem: (await store.job(id))?.problem?.code,
    billing: { credits: 0, micro_credits: '0', work: null },
  })
  if (receipt === null) throw new Error('it is signed')
  expect(wrongOf(checkReceipt(receipt, await keysOf(sealer)))).toEqual([])
  expect(await sealer.receiptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV' as JobId)).toBeNull()
  expect(await sealer.linkOf('01ARZ3NDEKTSV4RRFFQ69G5FAV' as JobId)).toBeNull()
  await sealer.close()
})

test('stopped between any two steps it goes on, and signs nothing twice', async () => {
  const id = await jobOf(store, { verify: 'spotcheck' })
  const steps = ['putSeal', 'appendToLog'] as const
  const sealers: Sealer[] = []
  for (const step of steps) {
    for (const when of ['before', 'after'] as const) {
      const broken: Store = {
        ...store,
        [step]: async (...args: never[]) => {
          if (when === 'after') await Reflect.apply(store[step], store, args)
          throw new Error(`stopped ${when} ${step}`)
        },
      }
      const sealer = await sealerWith(null, broken)
      sealer.wake()
      await sealer.idle()
      await sealer.close()
      sealers.push(sealer)
    }
  }
  const sealer = await sealerWith(null)
  sealer.wake()
  await sealer.idle()
  expect(await store.unsealed(0)).toEqual([])
  const receipts = await Promise.all([sealer, ...sealers].map((one) => one.receiptOf(id)))
  expect(new Set(receipts.map((receipt) => JSON.stringify(receipt))).size).toBe(1)
  const log = await store.receiptLog(await store.defaultProject(), 0)
  expect(log.filter(({ jobId }) => jobId === id)).toHaveLength(1)
  for (const [place, row] of log.entries()) {
    const { body } = JSON.parse(row.document)
    expect(linkDigest(body)).toBe(row.digest)
    expect(body).toMatchObject({ place, previous: log[place - 1]?.digest ?? null })
  }
  await sealer.close()
})

test('one that cannot be signed keeps nobody else waiting', async () => {
  const [bad, good] = [await jobOf(store), await jobOf(store)]
  const broken: Store = {
    ...store,
    job: async (id) => {
      if (id === bad) throw new Error('it cannot be read')
      return store.job(id)
    },
  }
  const sealer = await sealerWith(null, broken)
  sealer.wake()
  await sealer.idle()
  expect((await store.unsealed(0)).map(({ jobId }) => jobId)).toEqual([bad])
  expect(await store.sealOf({ jobId: good, kind: 'receipt', number: 0 })).not.toBeNull()
  await sealer.close()
})

/** As if the job had so many. */
async function claiming(id: JobId, shards: number): Promise<JobRow | null> {
  const row = await store.job(id)
  const answer = JSON.parse(row?.answer ?? '')
  answer.hub.verification.shards = shards
  return row && { ...row, answer: JSON.stringify(answer) }
}

test('of jobs of many shards the verdicts are in memory one after the other, of those of few together', async () => {
  const ids = [await jobOf(store), await jobOf(store), await jobOf(store)]
  const now = { few: 0, many: 0 }
  const most = { few: 0, many: 0 }
  const counted = async <T>(kind: 'few' | 'many', read: Promise<T>): Promise<T> => {
    most[kind] = Math.max(most[kind], ++now[kind])
    const rows = await read
    // Until the receipt is made of them.
    await new Promise((resolve) => setImmediate(resolve))
    now[kind]--
    return rows
  }
  const sealing = async (shards: number): Promise<void> => {
    const sealer = await sealerWith(null, {
      ...store,
      sealOf: async () => null,
      unsealed: async (skipped) => (skipped === 0 ? ids.map((jobId) => ({ jobId, kind: 'receipt', number: 0 })) : []),
      job: (id) => claiming(id, shards),
      fewVerdicts: (id) => counted('few', store.fewVerdicts(id)),
      verdicts: (id) => counted('many', store.verdicts(id)),
    })
    sealer.wake()
    await sealer.idle()
    await sealer.close()
  }
  await sealing(RECEIPT_LIMITS.fewShards)
  expect(most).toEqual({ few: 3, many: 0 })
  await sealing(RECEIPT_LIMITS.fewShards + 1)
  expect(most).toEqual({ few: 3, many: 1 })
})

test('a receipt of many shards that many ask for at once is made once', async () => {
  const id = await jobOf(store)
  let reads = 0
  const sealer = await sealerWith(null, {
    ...store,
    job: (jobId) => claiming(jobId, RECEIPT_LIMITS.fewShards + 1),
    verdicts(jobId) {
      reads++
      return store.verdicts(jobId)
    },
  })
  const receipts = await Promise.all(Array.from({ length: 20 }, () => sealer.receiptOf(id)))
  await sealer.close()
  expect(reads).toBe(1)
  expect(new Set(receipts.map((receipt) => JSON.stringify(receipt))).size).toBe(1)
})

test('a notice is signed, and names the receipt that it is beside', async () => {
  const id = await jobOf(store, { verify: 'none' })
  const [first] = await store.submissions(id)
  if (first === undefined) throw new Error('somebody worked')
  const sealer = await sealerWith(null)
  await wakingStore(store, sealer).noticeFinished(first.executor, 'it lied elsewhere', nowMs)
  await sealer.idle()
  const [notice, ...more] = await sealer.noticesOf(id)
  expect(more).toEqual([])
  const receipt = await sealer.receiptOf(id)
  if (notice === undefined || receipt === null) throw new Error('both are signed')
  expect(notice.body).toMatchObject({ kind: 'integrity', receipt: bodyDigest('receipt.v1', receipt.body) })
  const keys = await keysOf(sealer)
  expect(signatureProblem('signed-notice.v1', notice, notice.body.issued_at_ms, keys)).toBeNull()
  const other = { ...notice, body: { ...notice.body, at_ms: 1 } }
  expect(signatureProblem('signed-notice.v1', other, other.body.issued_at_ms, keys)).toMatch(/not that of its body/)
  await sealer.close()
})

test('after a rotation old receipts are good, the old key signs no more, and its successor vouches for both', async () => {
  const id = await jobOf(store)
  const old = await sealerWith(null)
  const receipt = await old.receiptOf(id)
  if (receipt === null) throw new Error('it is signed')
  const secret = randomBytes(32)
  const renewed = await sealerWith(toBase64(secret))
  const keys = await keysOf(renewed)
  expect(keys.at(-1)).toMatchObject({ valid_until_ms: null })
  expect(keys.at(-2)?.valid_until_ms).toBeGreaterThan(receipt.body.issued_at_ms)
  expect(wrongOf(checkReceipt(receipt, keys))).toEqual([])
  const later = { ...receipt, body: { ...receipt.body, issued_at_ms: keys.at(-2)?.valid_until_ms ?? 0 } }
  expect(wrongOf(checkReceipt(later, keys))[0]?.says).toMatch(/did not sign at/)
  expect(wrongOf(checkReceipt(receipt, keys.slice(-1)))[0]?.says).toMatch(/not in the list of keys/)
  expect(await old.keys()).toBeNull()
  for (const sealer of [old, renewed]) await sealer.close()
})

test('what was signed by a clock that was ahead stays good when it was set right and the key changes', async () => {
  const rightMs = nowMs
  nowMs += 10 * RECEIPT_LIMITS.keyOverlapMs
  const ahead = await sealerWith(toBase64(randomBytes(32)))
  const ids = [await jobOf(store), await jobOf(store)] as const
  const receipt = await ahead.receiptOf(ids[0])
  // Its link comes later still, and counts as well.
  nowMs += 10 * RECEIPT_LIMITS.keyOverlapMs
  const link = await ahead.linkOf(ids[0])
  nowMs = rightMs
  const renewed = await sealerWith(toBase64(randomBytes(32)))
  const keys = await keysOf(renewed)
  if (receipt === null || link === null) throw new Error('both are signed')
  expect(wrongOf(checkReceipt(receipt, keys))).toEqual([])
  expect(signatureProblem('receipt-link.v1', link, link.body.issued_at_ms, keys)).toBeNull()
  const next = await renewed.receiptOf(ids[1])
  if (next === null) throw new Error('it is signed')
  expect(wrongOf(checkReceipt(next, keys))).toEqual([])
  for (const sealer of [ahead, renewed]) await sealer.close()
})

test('a key is 32 bytes, as hexadecimal digits or in base64', () => {
  const secret = randomBytes(32)
  const texts = [toHex(secret), toBase64(secret), secret.toString('base64url')]
  for (const text of texts) expect(secretKeyOf(text)).toEqual(Uint8Array.from(secret))
  for (const text of ['', 'short', 'a'.repeat(63), 'a'.repeat(45), toBase64(randomBytes(33))])
    expect(secretKeyOf(text)).toBeNull()
})
