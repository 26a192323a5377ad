// VMem and references as a client meets them: arrays in and out, args that refer to them, and what stays when a name goes.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { arrayDigest, arrayToBytes } from '@forge/shared/exact/typed-array.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { findKernel } from '../../kernels.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  world.app.request(`/api/v0/${path}`, {
    method,
    headers: { authorization: `Bearer ${world.own.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
  })
const refused = async (response: Response) => {
  const { code, errors } = problemSchema.parse(await response.json())
  return [response.status, code, errors?.map(({ path }) => path)]
}
const severity = [0, 0, 0.5, 400, 1, 90_000]
const points = [
  [0, 0],
  [0.5, 400],
  [1, 90_000],
]
const contractWith = (quantiles: unknown, ctx: object = {}, more: object = {}) => ({
  ...FOUNDING_REQUEST,
  ctx,
  args: { iterations: 1_000, claim_freq: 2, claim_severity: { kind: 'empirical', quantiles } },
  ...more,
})

test('values and bytes are the same array, by digest', async () => {
  const bytes = arrayToBytes('f64', severity)
  const posted = await ask('POST', 'vmem/points', { dtype: 'f64', shape: [3, 2], values: severity })
  expect(await posted.json()).toMatchObject({
    array: { ref: 'points@1', bytes: 48, digest: arrayDigest('f64', [3, 2], bytes) },
  })
  const uploaded = await ask('PUT', 'vmem/points?dtype=f64&shape=3,2', bytes)
  expect([uploaded.status, await uploaded.json()]).toMatchObject([201, { array: { version: 1 } }])
  expect(await (await ask('PUT', 'vmem/points?dtype=f64&shape=6', bytes)).json()).toMatchObject({
    array: { version: 2 },
  })
  const data = await ask('GET', 'vmem/points/1/data')
  expect(Buffer.compare(Buffer.from(await data.arrayBuffer()), bytes)).toBe(0)
  expect(await (await ask('GET', 'vmem/points')).json()).toMatchObject({ arrays: [{ version: 2 }, { version: 1 }] })
})

test.each([
  [{ dtype: 'u8', shape: [2], values: [1, 256] }, 'values.1'],
  [{ dtype: 'u8', shape: [2], values: [1] }, 'values'],
  [{ dtype: 'u64', shape: [1], values: ['1.5'] }, 'values.0'],
  [{ dtype: 'u64', shape: [1], values: [2 ** 53] }, 'values.0'],
  [{ dtype: 'f16', shape: [1], values: [1] }, 'dtype'],
  [{ dtype: 'u8', shape: [-1], values: [] }, 'shape.0'],
  [{ dtype: 'u8', shape: [2 ** 20, 2 ** 20], values: [] }, 'shape'],
])('%j is refused', async (body, path) => {
  expect(await refused(await ask('POST', 'vmem/wrong', body))).toEqual([422, 'VALIDATION_FAILED', [path]])
})

test('bytes must be as many as type and shape say', async () => {
  for (const bytes of [new Uint8Array(7), new Uint8Array(9)]) {
    expect(await refused(await ask('PUT', 'vmem/wrong?dtype=f64&shape=1', bytes))).toEqual([
      422,
      'VALIDATION_FAILED',
      ['body'],
    ])
  }
  expect((await ask('GET', 'vmem/wrong')).status).toBe(404)
  expect(
    await (await ask('POST', 'vmem/big', { dtype: 'i64', shape: [], values: ['-9223372036854775808'] })).json(),
  ).toMatchObject({ array: { bytes: 8 } })
})

test('bytes are held against the checksum that comes with them', async () => {
  const bytes = arrayToBytes('f64', severity)
  const sumOf = (some: Uint8Array) => `sha-256=:${createHash('sha256').update(some).digest('base64')}:`
  const put = (headers: Record<string, string>) => ask('PUT', 'vmem/summed?dtype=f64&shape=3,2', bytes, headers)
  for (const name of ['content-digest', 'repr-digest']) {
    expect(await refused(await put({ [name]: sumOf(new Uint8Array(48)) }))).toEqual([
      422,
      'CHECKSUM_MISMATCH',
      undefined,
    ])
    expect(await refused(await put({ [name]: 'sha-256=:short:' }))).toEqual([
      422,
      'VALIDATION_FAILED',
      [`headers.${name}`],
    ])
    expect((await ask('GET', 'vmem/summed')).status).toBe(404)
  }
  const sealed = await put({ 'content-digest': sumOf(bytes), 'repr-digest': sumOf(bytes) })
  expect(sealed.status).toBe(201)
  // Also where these bytes are a version already.
  expect((await put({ 'repr-digest': sumOf(new Uint8Array(48)) })).status).toBe(422)
  expect((await put({ 'repr-digest': sumOf(bytes) })).status).toBe(201)
})

test('the bytes of a version are read under a condition like those of a blob', async () => {
  await ask('POST', 'vmem/held', { dtype: 'f64', shape: [3, 2], values: severity })
  const read = (headers: Record<string, string>) => ask('GET', 'vmem/held/1/data', undefined, headers)
  const tag = (await read({})).headers.get('etag') ?? ''
  expect((await read({ range: 'bytes=0-7', 'if-match': tag })).status).toBe(206)
  expect(await refused(await read({ range: 'bytes=0-7', 'if-match': '"other"' }))).toEqual([
    412,
    'PRECONDITION_FAILED',
    ['If-Match'],
  ])
  expect((await read({ 'if-none-match': tag })).status).toBe(304)
  expect((await read({ range: 'bytes=0-7', 'if-range': '"other"' })).status).toBe(200)
})

test('args take an array or a blob by reference; the digest has its content, not its name', async () => {
  await ask('POST', 'vmem/one', { dtype: 'f64', shape: [3, 2], values: severity })
  await ask('POST', 'vmem/two', { dtype: 'f64', shape: [3, 2], values: severity })
  await ask('PUT', 'blob/table', points)
  const digests: string[] = []
  for (const reference of [{ $vmem: 'one@1' }, { $vmem: 'two@1' }, { $blob: 'table' }, points]) {
    const estimated = await ask('POST', 'ops/estimate', contractWith(reference))
    expect(estimated.status).toBe(200)
    const body: { plan: { contract_digest: string } } = JSON.parse(await estimated.text())
    digests.push(body.plan.contract_digest)
  }
  expect(digests[0]).toBe(digests[1])
  expect(new Set(digests).size).toBe(3)

  const executed = await ask('POST', 'ops/execute', contractWith({ $vmem: 'one@1' }, { job_id: 'by reference' }))
  const { job_id: id }: { job_id: JobId } = JSON.parse(await executed.text())
  const job = await world.store.job(id)
  const digest = arrayDigest('f64', [3, 2], arrayToBytes('f64', severity))
  const references = [{ path: 'args.claim_severity.quantiles', kind: 'vmem', ref: 'one@1', digest }] as const
  const stored: { args: unknown; references: unknown } = JSON.parse(job?.request ?? '')
  expect(stored).toMatchObject({ args: { claim_severity: { quantiles: points } }, references })
  const kernel = findKernel('mc', 1, 'insurance.v1')
  expect(job?.contractDigest).toBe(kernel && contractDigest(kernel, stored.args, 'ROOT_SEED_001', references))
  expect(job?.contractDigest).toBe(digests[0])
})

test('a retry attaches though what it referred to has no name any more, and what the job needs stays', async () => {
  await ask('POST', 'vmem/brief', { dtype: 'f64', shape: [3, 2], values: severity })
  const contract = contractWith({ $vmem: 'brief@1' }, { job_id: 'retried' })
  const first = await ask('POST', 'ops/execute', contract)
  const { job_id: id }: { job_id: JobId } = JSON.parse(await first.text())
  expect((await ask('DELETE', 'vmem/brief/1')).status).toBe(200)
  expect((await ask('GET', 'vmem/brief/1')).status).toBe(404)
  const again = await ask('POST', 'ops/execute', contract)
  expect([again.status, again.headers.get('forge-attached'), await again.json()]).toMatchObject([
    200,
    'true',
    { job_id: id },
  ])
  expect(await refused(await ask('POST', 'ops/execute', { ...contract, seed: { mode: 'derived' } }))).toEqual([
    409,
    'JOB_ID_REUSED',
    undefined,
  ])
  expect(await refused(await ask('POST', 'ops/execute', contractWith({ $vmem: 'brief@1' })))).toEqual([
    422,
    'REFERENCE_NOT_FOUND',
    ['args.claim_severity.quantiles'],
  ])
  const [reference] = await world.store.referencesOf(id)
  expect(await world.store.objectsToRemove(Date.now() + 1)).not.toContain(reference?.objectId)
})

test.each([
  [{ $vmem: 'severity' }, 'REFERENCE_UNUSABLE'],
  [{ $vmem: 'severity@0' }, 'REFERENCE_UNUSABLE'],
  [{ $vmem: 'severity@99' }, 'REFERENCE_NOT_FOUND'],
  [{ $vmem: 7 }, 'REFERENCE_UNUSABLE'],
  [{ $vmem: 'severity@1', $blob: 'x' }, 'REFERENCE_UNUSABLE'],
  [{ $vmem: 'severity@1', more: 1 }, 'REFERENCE_UNUSABLE'],
  [{ $blob: 'none' }, 'REFERENCE_NOT_FOUND'],
  [{ $blob: '..' }, 'REFERENCE_UNUSABLE'],
  [{ $blob: 'reports/2026.csv' }, 'REFERENCE_UNUSABLE'],
  // Only the other project has it.
  [{ $vmem: 'only-theirs@1' }, 'REFERENCE_NOT_FOUND'],
  [{ $blob: 'only-theirs' }, 'REFERENCE_NOT_FOUND'],
])('%j is refused', async (reference, code) => {
  for (const route of ['ops/execute', 'ops/estimate']) {
    expect(await refused(await ask('POST', route, contractWith(reference)))).toEqual([
      422,
      code,
      ['args.claim_severity.quantiles'],
    ])
  }
})

test('what a JSON number cannot say is refused, and too much as well', async () => {
  await ask('POST', 'vmem/huge', { dtype: 'u64', shape: [1], values: ['9007199254740993'] })
  const nan = new Uint8Array(8).fill(0xff)
  await ask('PUT', 'vmem/nan?dtype=f64&shape=1', nan)
  await ask('PUT', 'vmem/long?dtype=u8&shape=1048577', new Uint8Array(1_048_577))
  for (const name of ['huge', 'nan', 'long']) {
    expect((await refused(await ask('POST', 'ops/estimate', contractWith({ $vmem: `${name}@1` }))))[1]).toBe(
      'REFERENCE_UNUSABLE',
    )
  }
  const many = Array.from({ length: 17 }, () => ({ $vmem: 'severity@1' }))
  expect(await refused(await ask('POST', 'ops/estimate', contractWith(many)))).toEqual([
    422,
    'REFERENCE_UNUSABLE',
    ['args'],
  ])
})

test.each([
  [{ include: ['result_json'] }, 'artifacts.persist'],
  [{ persist: false, vmem: [{ array: 'quantiles', name: 'x' }] }, 'artifacts.persist'],
  [{ persist: true, vmem: [{ array: 'quantiles', name: 'x' }] }, 'artifacts.vmem.0.array'],
  [{ persist: true, vmem: [{ array: 'none', name: 'x' }] }, 'artifacts.vmem.0.array'],
  [{ persist: true, vmem: [{ array: 'quantiles', name: 'a b' }] }, 'artifacts.vmem.0.name'],
  [{ persist: true, kv_namespace: '.x' }, 'artifacts.kv_namespace'],
])('artifacts %j are refused', async (artifacts, path) => {
  expect(await refused(await ask('POST', 'ops/execute', contractWith(points, {}, { artifacts })))).toEqual([
    422,
    'VALIDATION_FAILED',
    [path],
  ])
})
