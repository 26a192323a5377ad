// docs/receipts.md holds what a stranger needs to check a receipt with tools of their own: its program is run here as it is
// printed, on a good receipt and on forgeries, and its table of digests is followed with Node's crypto alone.
import { createHash, createHmac } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toBase64 } from '@forge/shared/exact/bytes.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { arrayDigest } from '@forge/shared/exact/typed-array.ts'
import { linkDigest } from '@forge/shared/receipt/link.ts'
import { requestDigest } from '@forge/server/web-core/contract.ts'
import { planQuestion } from '@forge/shared/verifier/audit.ts'
import type { Bundle } from '@forge/shared/receipt/bundle.ts'
import { aBundle, compileOnce } from '@forge/shared/receipt/bundle.fixtures.ts'
import type { SignedKeyList, SigningKey } from '@forge/shared/receipt/keys.ts'
import { signed, signerOf, type Signer } from '@forge/shared/receipt/signed.ts'

const page = await readFile(path.resolve(import.meta.dirname, '../docs/receipts.md'), 'utf8')
const VECTORS = '../shared/src/kernels/mc.insurance.v1/vectors.json'
let folder: string
let bundle: Bundle
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forge-check-'))
  const [, program] = /```js\n(\/\/ node check\.mjs[^]*?)```/.exec(page) ?? []
  await writeFile(path.join(folder, 'check.mjs'), program ?? '')
  bundle = JSON.parse(JSON.stringify(await aBundle()))
}, 60_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the program of the page', () => {
  const [old, now, stranger] = [7, 8, 9].map((byte) => signerOf(new Uint8Array(32).fill(byte))) as [
    Signer,
    Signer,
    Signer,
  ]
  const period = (signer: Signer, from: number, until: number | null): SigningKey => ({
    key_id: signer.keyId,
    algorithm: 'Ed25519',
    public_key: toBase64(signer.publicKey),
    valid_from_ms: from,
    valid_until_ms: until,
  })
  const listOf = (keys: readonly SigningKey[], by: Signer): SignedKeyList =>
    signed('key-list.v1', { format: 'forge-pool/keys.v1', keys: [...keys] }, by)
  /** The receipt of the fixtures is issued at 3000. */
  const periods = [period(old, 0, 5_000), period(now, 4_000, null)]
  const list = listOf(periods, now)
  const issuedAt = (issued_at_ms: number, by: Signer) =>
    signed('receipt.v1', { ...bundle.receipt.body, issued_at_ms }, by)

  const check = async (receipt: object, keys: object): Promise<{ code: number; said: string }> => {
    const files = ['receipt.json', 'forge-keys.json']
    await writeFile(path.join(folder, 'receipt.json'), JSON.stringify(receipt))
    await writeFile(path.join(folder, 'forge-keys.json'), JSON.stringify(keys))
    return new Promise((resolve) => {
      execFile(process.execPath, ['check.mjs', ...files], { cwd: folder }, (error, stdout) =>
        resolve({ code: error === null ? 0 : Number(error.code), said: stdout.trim() }),
      )
    })
  }

  test('finds a receipt good under the key of its time, replaced or not', async () => {
    expect(await check(bundle.receipt, bundle.keys)).toEqual({ code: 0, said: 'good' })
    expect(await check(issuedAt(3_000, old), list)).toEqual({ code: 0, said: 'good' })
    expect(await check(issuedAt(4_999, old), list)).toEqual({ code: 0, said: 'good' })
    expect(await check(issuedAt(9_000, now), list)).toEqual({ code: 0, said: 'good' })
  })

  test('finds one that is changed, or signed outside of its key’s time, by a stranger, or as something else', async () => {
    const { body, signature } = issuedAt(3_000, old)
    const notOfBody = { code: 1, said: expect.stringMatching(/not that of its body and key$/) }
    expect(await check({ body: { ...body, root_seed: 'x' }, signature }, list)).toEqual(notOfBody)
    expect(await check(signed('receipt-link.v1', body, old), list)).toEqual(notOfBody)
    const notInTime = { code: 1, said: expect.stringMatching(/^no key of that id was valid/) }
    expect(await check(issuedAt(5_000, old), list)).toEqual(notInTime)
    expect(await check(issuedAt(3_999, now), list)).toEqual(notInTime)
    expect(await check(issuedAt(3_000, stranger), list)).toEqual(notInTime)
  })

  test('finds a list that its newest key has not signed, and keys under ids of others', async () => {
    const receipt = issuedAt(3_000, stranger)
    const unsigned = { code: 1, said: expect.stringMatching(/^the list of keys is not signed/) }
    const added = [period(stranger, 0, 5_000), ...periods]
    expect(await check(receipt, { ...list, body: { ...list.body, keys: added } })).toEqual(unsigned)
    expect(await check(receipt, listOf(added, stranger))).toEqual(unsigned)
    expect(await check(receipt, listOf([{ ...period(stranger, 0, null), key_id: now.keyId }], stranger))).toEqual(
      unsigned,
    )
    // Signed by the newest key, and one of its ids is not that of the bytes beside it.
    const borrowed = { ...period(stranger, 0, 5_000), key_id: old.keyId }
    const claimed = { ...receipt, signature: { ...receipt.signature, key_id: old.keyId } }
    expect(await check(claimed, listOf([borrowed, ...periods.slice(1)], now))).toEqual({
      code: 1,
      said: expect.stringMatching(/not that of its body and key$/),
    })
  })
})

describe('the table of digests', () => {
  const hash = (...parts: (string | Uint8Array)[]): string => {
    const sum = createHash('sha256')
    for (const part of parts) sum.update(part)
    return sum.digest('hex')
  }
  const tagged = (tag: string, bytes: string | Uint8Array): string => hash(`forge-pool/${tag}\0`, bytes)
  const jcs = (tag: string, value: unknown): string => tagged(tag, canonicalJson(value))
  const rowOf = (name: string): string => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name} | `))
    if (row === undefined) throw new Error(`docs/receipts.md has no row for ${name}`)
    return row
  }

  test('gives every digest of a bundle, with the tag of its row', () => {
    const { receipt, link, notices, contract, tables, answer, price_list } = bundle
    const { body } = receipt
    const { op, args, root_seed, references, policy } = contract
    const told = references.map(({ path: place, kind, digest }) => ({ path: place, kind, digest }))
    const { plan } = planQuestion({ op, args, rootSeed: root_seed }, compileOnce)
    const planned = {
      contract_digest: body.contract_digest,
      kernel_digest: body.kernel_digest,
      shards: plan.grid.shards,
      passes: plan.grid.passes,
      planned_passes: plan.passes,
      units: String(plan.grid.units),
      units_per_shard: plan.grid.unitsPerShard,
      tables,
      facts: plan.facts,
      policy,
    }
    const found: readonly (readonly [row: string, tag: string, is: unknown, made: (tag: string) => string])[] = [
      [
        '`key_id`',
        'signing-key.v1',
        receipt.signature.key_id,
        (tag) => tagged(tag, Buffer.from(bundle.keys.body.keys[0]?.public_key ?? '', 'base64')),
      ],
      ['`document` of a link', 'receipt.v1', link.body.document, (tag) => jcs(tag, body)],
      ['`receipt` of a notice', 'receipt.v1', notices[0]?.body.receipt, (tag) => jcs(tag, body)],
      [
        '`contract_digest`',
        'contract.v1',
        body.contract_digest,
        (tag) => jcs(tag, { op: op.name, version: op.version, profile: op.profile, args, root_seed, references: told }),
      ],
      ['`plan_digest`', 'plan.v1', body.plan_digest, (tag) => jcs(tag, planned)],
      [
        "a shard's digest",
        'partial.v1',
        bundle.shards[4]?.[0],
        (tag) => tagged(tag, Buffer.from(bundle.partials?.[4] ?? '', 'base64')),
      ],
      ['`shards_digest`', 'shards.v1', body.result?.shards_digest, (tag) => jcs(tag, bundle.shards)],
      ['`output_digest`', 'output.v1', body.result?.output_digest, (tag) => jcs(tag, answer.hub.output)],
      ['`answer_digest`', 'answer.v1', body.result?.answer_digest, (tag) => jcs(tag, answer)],
      ['`price_list`', 'price-list.v1', body.billing.price_list, (tag) => jcs(tag, price_list)],
    ]
    for (const [row, tag, is, made] of found) {
      expect(rowOf(row)).toContain(`\`${tag}\``)
      expect(made(tag), row).toBe(is)
    }
  })

  test('gives the tables, the kernel and the next link', async () => {
    const { op, args, root_seed: rootSeed } = bundle.contract
    for (const [name, words] of Object.entries(planQuestion({ op, args, rootSeed }, compileOnce).tables)) {
      const bytes = Buffer.alloc(words.length * 4)
      words.forEach((word, place) => bytes.writeUInt32LE(word, place * 4))
      expect(tagged('table.v1', bytes)).toBe(bundle.tables[name])
    }
    expect(rowOf('`tables` of a bundle')).toContain('`table.v1`')
    expect(linkDigest(bundle.link.body)).toBe(jcs('receipt-link.v1', bundle.link.body))
    const vectors = JSON.parse(await readFile(path.resolve(import.meta.dirname, VECTORS), 'utf8'))
    const { generator, partial_layout, cases } = vectors
    const kinds = cases.flatMap((one: { tables: Record<string, { spec: { kind: string } }> }) =>
      Object.values(one.tables).map(({ spec }) => spec.kind),
    )
    const kernel = {
      op: op.name,
      version: op.version,
      profile: op.profile,
      generator,
      tables: [...new Set<string>(kinds)].toSorted(),
      partial_layout,
      vectors: jcs('artifact.v1', vectors),
    }
    expect(jcs('kernel.v1', kernel)).toBe(bundle.receipt.body.kernel_digest)
    for (const tag of ['kernel.v1', 'artifact.v1']) expect(rowOf('`kernel_digest`')).toContain(`\`${tag}\``)
    expect(rowOf('`previous` of a link')).toContain('`receipt-link.v1`')
    expect(rowOf('`document` of a link')).toContain('`signed-notice.v1`')
  })

  test('gives what is asked for and referred to', () => {
    const labels = { trace_id: 't', run_id: 'r', stage_id: 's', metadata: { a: 'b' } }
    const sent = { op: { name: 'mc' }, args: { x: 1 } }
    const jobId = bundle.receipt.body.job_id
    expect(requestDigest({ ...sent, ctx: { job_id: 'mine', ...labels } }, null)).toBe(
      jcs('request.v1', { ...sent, ctx: { job_id: 'mine' } }),
    )
    expect(requestDigest(sent, null)).toBe(jcs('request.v1', { ...sent, ctx: {} }))
    expect(requestDigest({}, jobId)).toBe(jcs('request.v1', { ctx: {}, replay_of: jobId }))
    expect(rowOf('`request_digest`')).toMatch(/`request\.v1`.*`trace_id`, `run_id`, `stage_id` and `metadata`/)
    const bytes = Buffer.from('000102030405', 'hex')
    expect(arrayDigest('u8', [2, 3], bytes)).toBe(
      tagged('vmem.v1', Buffer.concat([Buffer.from('u8\x002,3\x00'), bytes])),
    )
    expect(rowOf('`digest` of a reference')).toContain('`vmem.v1`')
  })

  test('gives what has no tag: the root over raw bytes, the sampling key, and what it draws', () => {
    const { verification, merkle_root } = bundle.receipt.body.result ?? {}
    const key = Buffer.from(String(verification?.sampling_key), 'hex')
    expect(hash(key)).toBe(verification?.sampling_key_sha256)
    let level = bundle.shards.map(([digest]) => Buffer.from(hash(Buffer.of(0), Buffer.from(digest, 'hex')), 'hex'))
    while (level.length > 1) {
      const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, n) => level.slice(2 * n, 2 * n + 2))
      level = pairs.map((pair) => (pair.length === 1 ? pair : [Buffer.from(hash(Buffer.of(1), ...pair), 'hex')])).flat()
    }
    expect(level[0]?.toString('hex')).toBe(merkle_root)
    const { job_id, policy } = bundle.receipt.body
    const unchecked = bundle.shards.flatMap(([, confirmations], shard) => (confirmations > 1 ? [] : [shard]))
    const isDrawn = (shard: number): boolean => {
      const text = `sample|${job_id}|${shard}|${bundle.shards[shard]?.[0]}`
      const fraction = createHmac('sha256', key).update(text).digest().readBigUInt64BE()
      return fraction < (2n ** 64n * BigInt(Number(policy['spotcheck_rate']) * 100)) / 100n
    }
    const drawn = bundle.shards.flatMap((_, shard) => (isDrawn(shard) ? [shard] : []))
    expect(drawn.length).toBeGreaterThan(0)
    expect(unchecked.filter((shard) => drawn.includes(shard))).toEqual([])
    // The fixtures check the first of each pass beside what is drawn, and nothing else.
    expect(unchecked.length + new Set([...drawn, 0, 3, 6]).size).toBe(bundle.shards.length)
  })
})
