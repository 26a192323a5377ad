// KV as a client meets it: conditions, sizes, quotas and names, on a real store.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  world.app.request(`/api/v0/kv/${path}`, {
    method,
    headers: { authorization: `Bearer ${world.own.key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const refused = async (response: Response) => {
  const { code, errors } = problemSchema.parse(await response.json())
  return [response.status, code, errors?.map(({ path }) => path)]
}

test('a version that was read is what a change can be tied to', async () => {
  const put = await ask('PUT', 'a/key', { value: { n: 1 } }, { 'if-none-match': '*' })
  const tag = put.headers.get('etag') ?? ''
  expect([put.status, tag]).toEqual([200, expect.stringMatching(/^"\d+"$/)])
  const read = await ask('GET', 'a/key')
  expect([read.headers.get('etag'), await read.json()]).toEqual([
    tag,
    { ok: true, entry: expect.objectContaining({ value: { n: 1 }, version: Number(tag.slice(1, -1)) }) },
  ])
  expect(await refused(await ask('PUT', 'a/key', { value: 2 }, { 'if-match': '"0", W/"1"' }))).toEqual([
    412,
    'PRECONDITION_FAILED',
    ['If-Match'],
  ])
  expect((await ask('PUT', 'a/key', { value: 2 }, { 'if-match': `"x", ${tag}` })).status).toBe(200)
  expect(await refused(await ask('DELETE', 'a/key', undefined, { 'if-match': tag }))).toEqual([
    412,
    'PRECONDITION_FAILED',
    ['If-Match'],
  ])
  expect(await refused(await ask('PUT', 'a/key', { value: 2 }, { 'if-none-match': '*' }))).toEqual([
    412,
    'PRECONDITION_FAILED',
    ['If-None-Match'],
  ])
  expect((await ask('DELETE', 'a/key', undefined, { 'if-match': '*' })).status).toBe(200)
  expect((await refused(await ask('GET', 'a/key')))[0]).toBe(404)
})

test('a value is changed and goes when it would have gone, at the time of this server', async () => {
  const expiry = async (body: object) =>
    z
      .object({ entry: z.object({ expires_at: z.string().nullable() }) })
      .parse(await (await ask('PUT', 'a/kept', body)).json()).entry.expires_at
  const first = await expiry({ value: 1, ttl_seconds: 3_600 })
  expect(first).not.toBeNull()
  expect(await expiry({ value: 2, ttl_seconds: 'keep' })).toBe(first)
  expect((await ask('POST', 'a/mset', { entries: [{ key: 'kept', value: 3, ttl_seconds: 'keep' }] })).status).toBe(200)
  expect(await expiry({ value: 4, ttl_seconds: 'keep' })).toBe(first)
  expect(await expiry({ value: 5 })).toBeNull()
  expect(await expiry({ value: 6, ttl_seconds: 'keep' })).toBeNull()
  const bad = await ask('PUT', 'a/kept', { value: 1, ttl_seconds: 'kept' })
  expect(await bad.json()).toMatchObject({
    errors: [{ path: 'ttl_seconds', message: expect.stringMatching(/number of seconds.*or "keep"/) }],
  })
  await ask('DELETE', 'a/kept')
})

test.each(['12', '"a', '"a" "b"', '""", "'])('If-Match %s is refused', async (tag) => {
  expect(await refused(await ask('PUT', 'a/key', { value: 1 }, { 'if-match': tag }))).toEqual([
    400,
    'BAD_PRECONDITION',
    undefined,
  ])
})

test('mset writes all or nothing, and mget answers in the order of the keys', async () => {
  const entries = [
    { key: 'x', value: 1 },
    { key: 'y', value: 2, if_version: 7 },
  ]
  expect(await refused(await ask('POST', 'b/mset', { entries }))).toEqual([
    412,
    'PRECONDITION_FAILED',
    ['entries.1.if_version'],
  ])
  expect((await ask('POST', 'b/mset', { entries: [{ key: 'x', value: 1, if_version: 0 }] })).status).toBe(200)
  expect(await (await ask('POST', 'b/mget', { keys: ['y', 'x', 'x'] })).json()).toMatchObject({
    entries: [null, { key: 'x', value: 1 }, { key: 'x', value: 1 }],
  })
  const twice = [
    { key: 'x', value: 1 },
    { key: 'x', value: 2 },
  ]
  expect(await refused(await ask('POST', 'b/mset', { entries: twice }))).toEqual([
    422,
    'VALIDATION_FAILED',
    ['entries'],
  ])
})

test('a value is any JSON up to its size, and must be there', async () => {
  for (const value of [null, 0, '', [], {}, '\u2028"\\', 1e308]) {
    expect((await ask('PUT', 'c/any', { value })).status).toBe(200)
    expect(await (await ask('GET', 'c/any')).json()).toMatchObject({ entry: { value } })
  }
  expect(await refused(await ask('PUT', 'c/any', {}))).toEqual([422, 'VALIDATION_FAILED', ['value']])
  expect((await ask('PUT', 'c/any', { value: 'x'.repeat(65_534) })).status).toBe(200)
  expect(await refused(await ask('PUT', 'c/any', { value: 'x'.repeat(65_535) }))).toEqual([
    413,
    'VALUE_TOO_LARGE',
    ['value'],
  ])
})

test('keys may have any characters, percent-encoded; what can be no name is refused where it would be written', async () => {
  for (const key of ['a/b', 'ü 𝄞', '%', '%2F', 'mget', '?#&=', "'"]) {
    const path = `names/${encodeURIComponent(key)}`
    expect((await ask('PUT', path, { value: key })).status, key).toBe(200)
    expect(await (await ask('GET', path)).json()).toMatchObject({ entry: { key, value: key } })
  }
  for (const [path, field] of [
    ['.hidden/key', 'namespace'],
    ['a%20b/key', 'namespace'],
    [`names/${'x'.repeat(513)}`, 'key'],
    ['names/%00', 'key'],
    [`${'n'.repeat(65)}/key`, 'namespace'],
  ] as const) {
    // It was 404, which sent whoever chose the name looking for what is missing.
    expect(await refused(await ask('PUT', path, { value: 1 })), path).toEqual([
      422,
      'VALIDATION_FAILED',
      [`path.${field}`],
    ])
    expect((await refused(await ask('GET', path)))[0], path).toBe(404)
  }
})

test('the project’s limits hold', async () => {
  const { projectId } = world.own
  const { kvKeys } = await world.store.memoryUsage(projectId)
  await world.store.updateProject(projectId, () => ({ limits: `{"kv_keys":${kvKeys}}` }))
  const response = await ask('PUT', 'd/new', { value: 1 })
  expect([response.status, await response.json()]).toMatchObject([
    409,
    { code: 'MEMORY_QUOTA_EXCEEDED', detail: expect.stringContaining(`${kvKeys + 1} of kv_keys`) },
  ])
  await world.store.updateProject(projectId, () => ({ limits: '{}' }))
  expect((await ask('PUT', 'd/new', { value: 1, ttl_seconds: 1 })).status).toBe(200)
})
