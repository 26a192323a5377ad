// One attempt against a real receiver on this machine: where it connects, what it does not follow, and what bounds it.
import { afterEach, expect, test } from 'vitest'
import { post } from './post.ts'
import { startReceiver, type Receiver } from './receiver.fixtures.ts'
import { createTargets } from './targets.ts'

let receiver: Receiver
afterEach(() => receiver.close())

const never = new AbortController().signal
const sent = (url = receiver.url) => ({ url, headers: { 'webhook-id': 'evt_a' }, body: '{"ü":1}' })

test('it is sent to the address that was looked up, once, and to no other of that name', async () => {
  receiver = await startReceiver()
  expect(await post(sent(), receiver.targets, never)).toEqual({ status: 204, error: null })
  // No DNS knows this name: only what the lookup gave can have been connected to.
  expect(receiver.lookedUp).toEqual(['hooks.example.test'])
  expect(receiver.received).toMatchObject([
    {
      path: '/forge',
      body: '{"ü":1}',
      headers: {
        'webhook-id': 'evt_a',
        'content-type': 'application/json',
        'content-length': '8',
        host: `hooks.example.test:${receiver.port}`,
      },
    },
  ])
})

test('a name that has come to lead into the own network is not connected to', async () => {
  receiver = await startReceiver({ tls: true })
  const answers = ['93.184.216.34', '127.0.0.1']
  const resolve = async () => [{ address: answers.shift() ?? '127.0.0.1', family: 4 } as const]
  const targets = createTargets({ allowPrivate: false, resolve })
  const url = `https://rebinding.example:${receiver.port}/`
  expect(await targets.refusalOf(url)).toBeNull()
  const { status, error } = await post(sent(url), targets, never)
  expect([status, error]).toEqual([null, expect.stringMatching(/not of the public internet/)])
  expect([receiver.received, receiver.servernames]).toEqual([[], []])
})

test('a redirect is a failure, and is not followed', async () => {
  receiver = await startReceiver()
  receiver.answer = (_, response) => response.writeHead(307, { location: receiver.url }).end()
  const { status, error } = await post(sent(), receiver.targets, never)
  expect([status, error]).toEqual([307, 'The receiver answered 307; redirects are not followed.'])
  expect(receiver.received).toHaveLength(1)
})

test('an answer that wants to speak another protocol is a failure at once', async () => {
  receiver = await startReceiver()
  receiver.answer = (_, response) => response.writeHead(101, { connection: 'Upgrade', upgrade: 'websocket' }).end()
  expect(await post(sent(), receiver.targets, never)).toEqual({
    status: null,
    error: 'The receiver could not be reached (NO_ANSWER).',
  })
})

test.each([400, 404, 410, 429, 500, 503])('%i is a failure with its status', async (answer) => {
  receiver = await startReceiver()
  receiver.answer = answer
  expect(await post(sent(), receiver.targets, never)).toEqual({
    status: answer,
    error: `The receiver answered ${answer}.`,
  })
})

test('an answer without an end is read to its bound and counts by its status', async () => {
  receiver = await startReceiver()
  let closed = false
  receiver.answer = (_, response) => {
    response.writeHead(200)
    response.on('close', () => {
      closed = true
    })
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(4_096), more)
    }
    more()
  }
  expect(await post(sent(), receiver.targets, never)).toEqual({ status: 200, error: null })
  await expect.poll(() => closed).toBe(true)
})

test('a receiver that never answers, and one that answers drop by drop, are left in time', async () => {
  receiver = await startReceiver()
  receiver.answer = () => undefined
  expect(await post(sent(), receiver.targets, never, 100)).toMatchObject({
    status: null,
    error: expect.stringMatching(/no answer within/),
  })
  receiver.answer = (_, response) => void response.writeHead(200).write('x')
  expect(await post(sent(), receiver.targets, never, 100)).toEqual({ status: 200, error: null })
  const lookup = { find: () => new Promise<never>(() => undefined) }
  expect(await post(sent(), lookup, never, 50)).toMatchObject({ status: null })
})

test('a header without an end, a closed port and a stop are failures', async () => {
  receiver = await startReceiver()
  receiver.answer = (request) => {
    request.socket.write(
      `HTTP/1.1 200 OK\r\n${Array.from({ length: 40 }, (_, i) => `x-${i}: ${'y'.repeat(1_000)}`).join('\r\n')}\r\n\r\n`,
    )
  }
  expect(await post(sent(), receiver.targets, never)).toMatchObject({
    error: expect.stringMatching(/HPE_HEADER_OVERFLOW/),
  })
  const stopped = new AbortController()
  receiver.answer = () => stopped.abort()
  expect(await post(sent(), receiver.targets, stopped.signal)).toMatchObject({
    error: expect.stringMatching(/stopped/),
  })
  expect(await post(sent(), receiver.targets, stopped.signal)).toMatchObject({
    error: expect.stringMatching(/stopped/),
  })
  await receiver.close()
  const refused = await post(sent(), receiver.targets, never)
  expect(refused).toEqual({ status: null, error: 'The receiver could not be reached (ECONNREFUSED).' })
})

test('a certificate that nobody trusts is refused before anything is said, under the webhook’s own name', async () => {
  receiver = await startReceiver({ tls: true })
  const { status, error } = await post(sent(), receiver.targets, never)
  expect([status, error]).toEqual([null, expect.stringMatching(/SELF_SIGNED/)])
  expect(receiver.servernames).toEqual(['hooks.example.test'])
  expect(receiver.received).toEqual([])
})
