// Blobs as a client meets them: bytes in and out, ranges, checksums, limits, and what a browser is told of them.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { WEB_LIMITS } from '../limits.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
}, WORLD_START_MS)
afterAll(() => world.close())

type Body = string | Blob | ReadableStream | Uint8Array<ArrayBuffer>
const ask = (method: string, name: string, headers: Record<string, string> = {}, body?: Body) =>
  askAt(`blob/${name}`, method, headers, body)
const askAt = async (path: string, method: string, headers: Record<string, string>, body?: Body) =>
  world.app.request(`/api/v0/${path}`, {
    method,
    headers: { authorization: `Bearer ${world.own.key}`, ...headers },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  })
const codeOf = async (response: Response) => [response.status, problemSchema.parse(await response.json()).code]
const digestOf = (bytes: Uint8Array | string, encoding: 'hex' | 'base64') =>
  createHash('sha256').update(bytes).digest(encoding)

test('bytes are streamed in and out, with their checksum', async () => {
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7) & 0xff)
  const put = await ask('PUT', 'big', { 'content-digest': `sha-256=:${digestOf(bytes, 'base64')}:` }, new Blob([bytes]))
  expect(await put.json()).toMatchObject({
    blob: { bytes: bytes.length, sha256: digestOf(bytes, 'hex'), content_type: 'application/octet-stream' },
  })
  const read = await ask('GET', 'big')
  expect(read.headers.get('repr-digest')).toBe(`sha-256=:${digestOf(bytes, 'base64')}:`)
  expect(read.headers.get('content-length')).toBe(String(bytes.length))
  expect(Buffer.compare(Buffer.from(await read.arrayBuffer()), bytes)).toBe(0)
  const head = await ask('HEAD', 'big')
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(bytes.length), ''])
})

test('another checksum keeps nothing', async () => {
  const digest = `sha-256=:${digestOf('other', 'base64')}:`
  expect(await codeOf(await ask('PUT', 'sum', { 'content-digest': digest }, 'bytes'))).toEqual([
    422,
    'CHECKSUM_MISMATCH',
  ])
  const right = `sha-256=:${digestOf('bytes', 'base64')}:`
  const both = { 'content-digest': right, 'repr-digest': digest }
  for (const wrong of [{ 'repr-digest': digest }, both]) {
    expect(await codeOf(await ask('PUT', 'sum', wrong, 'bytes'))).toEqual([422, 'CHECKSUM_MISMATCH'])
  }
  for (const name of ['content-digest', 'repr-digest']) {
    expect(await codeOf(await ask('PUT', 'sum', { [name]: 'md5=:x:' }, 'bytes'))).toEqual([422, 'VALIDATION_FAILED'])
  }
  expect(await codeOf(await ask('GET', 'sum'))).toEqual([404, 'NOT_FOUND'])
})

test('a checksum that is said twice is refused, whichever of them is right, and another sort beside it is not', async () => {
  const right = `sha-256=:${digestOf('bytes', 'base64')}:`
  const wrong = `sha-256=:${digestOf('other', 'base64')}:`
  for (const said of [
    [right, wrong],
    [wrong, right],
    [right, right],
    [right, 'sha-256=x'],
    [right, 'sha-256;a=1'],
  ]) {
    for (const name of ['content-digest', 'repr-digest']) {
      const headers: [string, string][] = said.map((one) => [name, one])
      expect(await codeOf(await ask('PUT', 'twice', Object.fromEntries(new Headers(headers)), 'bytes'))).toEqual([
        422,
        'VALIDATION_FAILED',
      ])
    }
  }
  const others = `sha-512=:AA==: , ${right}, sha-256-tree=:AA==:`
  expect((await ask('PUT', 'others', { 'content-digest': others }, 'bytes')).status).toBe(200)
})

test.each([
  ['bytes=0-1', 206, '01', 'bytes 0-1/10'],
  ['bytes=8-', 206, '89', 'bytes 8-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
  ['bytes=3-2', 200, '0123456789', null],
  ['bytes=0-1,3-4', 200, '0123456789', null],
  ['lines=0-1', 200, '0123456789', null],
  ['bytes=-', 200, '0123456789', null],
])('%s is answered %i', async (range, status, bytes, contentRange) => {
  const put = await ask('PUT', 'digits', {}, '0123456789')
  const response = await ask('GET', 'digits', { range })
  expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
    status,
    bytes,
    contentRange,
  ])
  const changed = await ask('GET', 'digits', { range, 'if-range': '"0"' })
  expect([changed.status, await changed.text()]).toEqual([200, '0123456789'])
  const same = await ask('GET', 'digits', { range, 'if-range': put.headers.get('etag') ?? '' })
  expect(same.status).toBe(status)
})

test('whoever goes on with the bytes of a version that is gone is refused, and not given those of another one', async () => {
  const tag = (await ask('PUT', 'resumed', {}, 'the first bytes')).headers.get('etag') ?? ''
  const range = { range: 'bytes=10-' }
  for (const match of [tag, `"0", ${tag}`, '*']) {
    expect((await ask('GET', 'resumed', { ...range, 'if-match': match })).status).toBe(206)
  }
  await ask('PUT', 'resumed', {}, 'other bytes, and more')
  for (const match of [tag, `W/${tag}`, '""']) {
    // It comes before all that else is asked.
    for (const more of [range, {}, { 'if-none-match': '*' }, { range: 'bytes=99-' }]) {
      const response = await ask('GET', 'resumed', { ...more, 'if-match': match })
      expect(await codeOf(response)).toEqual([412, 'PRECONDITION_FAILED'])
    }
    expect((await ask('HEAD', 'resumed', { 'if-match': match })).status).toBe(412)
  }
  expect(await codeOf(await ask('GET', 'resumed', { 'if-match': 'no tag' }))).toEqual([400, 'BAD_PRECONDITION'])
  // Of what is not there no condition is looked at.
  expect((await ask('GET', 'never-was', { 'if-match': tag })).status).toBe(404)
  expect((await ask('GET', 'resumed', { 'if-none-match': '*' })).status).toBe(304)
})

test('no bytes in a range, and nothing new', async () => {
  const put = await ask('PUT', 'ten', {}, '0123456789')
  for (const range of ['bytes=10-', 'bytes=-0']) {
    const response = await ask('GET', 'ten', { range })
    expect(response.headers.get('content-range')).toBe('bytes */10')
    expect(await codeOf(response)).toEqual([416, 'RANGE_NOT_SATISFIABLE'])
  }
  const same = await ask('GET', 'ten', { 'if-none-match': `"0", ${put.headers.get('etag')}` })
  expect([same.status, await same.text()]).toEqual([304, ''])
})

test.each([
  ['text/html', 'application/octet-stream'],
  ['image/svg+xml', 'application/octet-stream'],
  ['TEXT/PLAIN; charset=utf-7', 'text/plain; charset=utf-8'],
  ['application/json', 'application/json'],
])('%s is served as %s, as an attachment that no browser guesses at', async (sent, served) => {
  const put = await ask('PUT', encodeURIComponent('a/"é;x".html'), { 'content-type': sent }, '<script>1</script>')
  expect(await put.json()).toMatchObject({ blob: { content_type: sent } })
  const { headers } = await ask('GET', encodeURIComponent('a/"é;x".html'))
  expect(headers.get('content-type')).toBe(served)
  expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%22%C3%A9%3Bx%22.html")
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('a type that is none is refused', async () => {
  expect(await codeOf(await ask('PUT', 'typed', { 'content-type': 'nonsense' }, 'x'))).toEqual([
    422,
    'VALIDATION_FAILED',
  ])
})

test('an upload that cannot fit is stopped on its way, and one that breaks off keeps nothing', async () => {
  const { projectId } = world.own
  const { blobBytes } = await world.store.memoryUsage(projectId)
  await world.store.updateProject(projectId, () => ({ limits: `{"blob_bytes":${blobBytes + 1_000}}` }))
  let pulled = 0
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled++
      controller.enqueue(new Uint8Array(100))
    },
  })
  const response = await ask('PUT', 'endless', {}, endless)
  expect(response.headers.get('connection')).toBe('close')
  expect(await codeOf(response)).toEqual([409, 'MEMORY_QUOTA_EXCEEDED'])
  expect(pulled).toBeLessThan(20)
  expect((await ask('PUT', 'fits', {}, new Uint8Array(1_000))).status).toBe(200)
  // Over itself it fits again.
  expect((await ask('PUT', 'fits', {}, new Uint8Array(1_000))).status).toBe(200)
  expect(await codeOf(await ask('PUT', 'more', {}, 'x'))).toEqual([409, 'MEMORY_QUOTA_EXCEEDED'])
  await world.store.updateProject(projectId, () => ({ limits: '{}' }))
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(10))
    },
    pull(controller) {
      controller.error(new Error('gone'))
    },
  })
  expect(await codeOf(await ask('PUT', 'broken', {}, broken))).toEqual([400, 'INCOMPLETE_BODY'])
  for (const name of ['endless', 'more', 'broken']) expect((await ask('GET', name)).status).toBe(404)
})

test('its time to live begins when it is there, however long its bytes took', async () => {
  const body = slowBody()
  const pending = ask('PUT', 'shortlived?ttl_seconds=60', {}, body.readable)
  await body.push(10)
  const lastMs = Date.now() + 5
  await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(lastMs))
  await body.end()
  const { blob } = z.object({ blob: z.object({ expires_at: z.string() }) }).parse(await (await pending).json())
  expect(Date.parse(blob.expires_at)).toBeGreaterThan(lastMs + 60_000)
})

test('conditions hold for blobs too', async () => {
  const put = await ask('PUT', 'cond', { 'if-none-match': '*' }, 'one')
  const tag = put.headers.get('etag') ?? ''
  expect(await codeOf(await ask('PUT', 'cond', { 'if-none-match': '*' }, 'two'))).toEqual([412, 'PRECONDITION_FAILED'])
  expect((await ask('PUT', 'cond', { 'if-match': tag }, 'two')).status).toBe(200)
  expect(await codeOf(await ask('DELETE', 'cond', { 'if-match': tag }))).toEqual([412, 'PRECONDITION_FAILED'])
  expect(await (await ask('GET', 'cond')).text()).toBe('two')
})

/** Bytes that come when they are pushed; Node's own stream, so that nothing is pulled ahead. */
function slowBody() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  return {
    readable,
    push: (bytes: number) => writer.write(new Uint8Array(bytes)),
    end: () => writer.close(),
    breakOff: () => writer.abort(new Error('gone')),
  }
}

/** A project's room for so many bytes more. */
async function withRoomFor(bytes: number, work: () => Promise<void>): Promise<void> {
  const { projectId } = world.own
  const { blobBytes, vmemBytes } = await world.store.memoryUsage(projectId)
  const limits = JSON.stringify({ blob_bytes: blobBytes + bytes, vmem_bytes: vmemBytes + bytes })
  await world.store.updateProject(projectId, () => ({ limits }))
  try {
    await work()
  } finally {
    await world.store.updateProject(projectId, () => ({ limits: '{}' }))
  }
}

test('uploads under way count against the quota as they grow, and give their room back however they end', async () => {
  await withRoomFor(1_000, async () => {
    const first = slowBody()
    const sent = ask('PUT', 'first', {}, first.readable)
    await first.push(600)
    // What was pushed last may still be on its way; what was taken before is reserved.
    await first.push(1)
    expect(await codeOf(await ask('PUT', 'second', {}, new Uint8Array(500)))).toEqual([409, 'MEMORY_QUOTA_EXCEEDED'])
    expect((await ask('PUT', 'small', {}, new Uint8Array(100))).status).toBe(200)
    await first.breakOff()
    expect(await codeOf(await sent)).toEqual([400, 'INCOMPLETE_BODY'])
    expect((await ask('PUT', 'second', {}, new Uint8Array(900))).status).toBe(200)
  })
})

test('a length that is declared is reserved before a byte has come', async () => {
  await withRoomFor(1_000, async () => {
    const first = slowBody()
    const sent = ask('PUT', 'declared', { 'content-length': '700' }, first.readable)
    await first.push(1)
    await first.push(1)
    const other = await ask('PUT', 'beside', { 'content-length': '301' }, slowBody().readable)
    expect(await codeOf(other)).toEqual([409, 'MEMORY_QUOTA_EXCEEDED'])
    expect((await ask('PUT', 'beside', { 'content-length': '300' }, new Uint8Array(300))).status).toBe(200)
    await first.push(698)
    await first.end()
    expect((await sent).status).toBe(200)
  })
})

test('arrays under way count as well, by their type and shape', async () => {
  await withRoomFor(1_000, async () => {
    const vmem = (name: string, bytes: number, body: Body) =>
      askAt(`vmem/${name}?dtype=u8&shape=${bytes}`, 'PUT', {}, body)
    const first = slowBody()
    const sent = vmem('first', 700, first.readable)
    await first.push(1)
    await first.push(1)
    expect(await codeOf(await vmem('second', 301, new Uint8Array(301)))).toEqual([409, 'MEMORY_QUOTA_EXCEEDED'])
    await first.end()
    expect(await codeOf(await sent)).toEqual([422, 'VALIDATION_FAILED'])
    expect((await vmem('second', 1_000, new Uint8Array(1_000))).status).toBe(201)
  })
})

test('a project has so many uploads at once, and gets a place back when one ends', async () => {
  const bodies = Array.from({ length: WEB_LIMITS.uploadsPerProjectMax }, slowBody)
  const sent = bodies.map(({ readable }, i) => ask('PUT', `one-of-many-${i}`, {}, readable))
  for (const body of bodies) {
    await body.push(1)
    await body.push(1)
  }
  const refused = await ask('PUT', 'one-more', {}, 'x')
  expect([refused.headers.get('retry-after'), refused.headers.get('connection')]).toEqual(['10', 'close'])
  expect(await codeOf(refused)).toEqual([429, 'TOO_MANY_UPLOADS'])
  await bodies[0]?.breakOff()
  expect(await codeOf((await sent[0]) ?? refused)).toEqual([400, 'INCOMPLETE_BODY'])
  expect((await ask('PUT', 'one-more', {}, 'x')).status).toBe(200)
  for (const body of bodies.slice(1)) await body.end()
  expect((await Promise.all(sent.slice(1))).map(({ status }) => status)).toEqual(bodies.slice(1).map(() => 200))
})

test('bytes that nobody claims are removed at once, not with the next sweep', async () => {
  const digest = `sha-256=:${digestOf('other', 'base64')}:`
  const before = await world.objectFiles()
  expect(await codeOf(await ask('PUT', 'sum', { 'content-digest': digest }, 'bytes'))).toEqual([
    422,
    'CHECKSUM_MISMATCH',
  ])
  expect(await world.objectFiles()).toEqual(before)
})
