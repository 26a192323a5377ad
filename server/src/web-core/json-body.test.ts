// The bytes of a JSON body: however they are cut into chunks they are the same text, and no more are kept than may come.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJsonBody } from './json-body.ts'
import { WEB_LIMITS } from './limits.ts'
import { KEY, startTestApp } from './test-app.ts'

const PACE = { idleMs: 60_000 }

function sent(text: string, cutAt: (done: number) => number): Request {
  const bytes = new TextEncoder().encode(text)
  let done = 0
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (done === bytes.length) return controller.close()
      const end = Math.min(bytes.length, done + cutAt(done))
      controller.enqueue(bytes.subarray(done, end))
      done = end
    },
  })
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' }
  return new Request('http://pool.example/', init as RequestInit)
}

test('chunks of any sizes are put together in their order, up to the last byte that may come', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ maxLength: 9_000 }),
      fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1 }),
      async (value, cuts) => {
        const text = JSON.stringify(value)
        const length = new TextEncoder().encode(text).length
        let n = 0
        const cutAt = () => cuts[n++ % cuts.length] ?? 1
        expect(await readJsonBody(sent(text, cutAt), PACE, length)).toBe(value)
        const refused = await readJsonBody(sent(text, cutAt), PACE, length - 1)
        expect(refused).toMatchObject({ problem: { code: 'BODY_TOO_LARGE' } })
      },
    ),
  )
})

test('many chunks that are tiny are refused, as many that are not are taken', async () => {
  const value = 'x'.repeat(1_000_000)
  const asked: number[] = []
  const read = (bytes: number) =>
    readJsonBody(
      sent(JSON.stringify(value), (done) => {
        asked.push(done)
        return bytes
      }),
      PACE,
      2 ** 20,
    )
  const { bodyCrumbsMax, bodyChunkBytesMin } = WEB_LIMITS
  for (const crumb of [1, bodyChunkBytesMin / 4]) {
    asked.length = 0
    expect(await read(crumb)).toMatchObject({
      problem: { code: 'BODY_TOO_FRAGMENTED', status: 400, detail: expect.stringContaining('bodyCrumbsMax') },
      headers: { Connection: 'close' },
    })
    // No more of it is read.
    expect(asked.length).toBeLessThan((bodyCrumbsMax * 4) / 3 + 10)
  }
  expect(await read(bodyChunkBytesMin)).toBe(value)
  const short = 'x'.repeat(bodyCrumbsMax - 2)
  expect(
    await readJsonBody(
      sent(JSON.stringify(short), () => 1),
      PACE,
      2 ** 20,
    ),
  ).toBe(short)
})

test('where anybody may call, it is small; with a key it is not', async () => {
  const { app } = startTestApp()
  const ask = (path: string) =>
    app.request(path, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key: 'x'.repeat(WEB_LIMITS.publicBodyBytesMax) }),
    })
  expect((await ask('/hq/session')).status).toBe(413)
  expect((await ask('/api/v0/ops/execute')).status).toBe(422)
})
