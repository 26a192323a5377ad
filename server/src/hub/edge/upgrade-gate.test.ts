// The gate over real sockets: who is not let in gets a status and, where coming again helps, the time to come; and what a
// stranger does to the socket below costs nobody else anything.
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket as NetSocket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { helloFrame } from '@forge/shared/agent/frames.ts'
import { createClientAddress } from './client-address.ts'
import { ask, heard, identity, PUBLIC_URL, readyFrame, TOKEN, useDoor, type Door } from './gateway.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'

const SOCKET = '/socket.io/?EIO=4&transport=websocket'
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** What a websocket's client hears before there is a websocket. */
async function knocked(
  url: string,
  path = SOCKET,
  headers: Record<string, string> = UPGRADE,
): Promise<IncomingMessage> {
  const asked = request(url, { path, headers })
  asked.end()
  const [answer, socket] = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')])
  socket?.destroy()
  answer.resume()
  return answer
}

describe('the gate of a pool with room', () => {
  const at = useDoor()

  it('is open, and to no other page', async () => {
    expect((await knocked(at.door.url)).statusCode).toBe(101)
    const origin = (from: string) => knocked(at.door.url, SOCKET, { ...UPGRADE, origin: from })
    expect((await origin(PUBLIC_URL)).statusCode).toBe(101)
    expect((await origin(at.door.url)).statusCode).toBe(101)
    expect((await origin('https://evil.example')).statusCode).toBe(403)
  })

  it('lets nobody open a second socket for a connection', async () => {
    const { client } = await at.door.joined()
    const id = client.io.engine.id
    expect((await knocked(at.door.url, `${SOCKET}&sid=${id}`)).statusCode).toBe(400)
    expect((await knocked(at.door.url, `${SOCKET}&s%69d=${id}`)).statusCode).toBe(400)
  })

  it.each(['/other', '/socket.io', '/', '//', '/socket.iox/?EIO=4'])(
    'passes over what a request of %s offers to become',
    async (path) => {
      for (const upgrade of ['websocket', 'h2c', 'h2c, websocket']) {
        const answer = await knocked(at.door.url, path, { ...UPGRADE, upgrade })
        expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'keep-alive'])
      }
    },
  )

  it.each(['?EIO=4&transport=polling', '?EIO=4&transport=websocket', ''])(
    'speaks websockets only: %s',
    async (query) => {
      expect((await fetch(`${at.door.url}/socket.io/${query}`)).status).toBe(400)
    },
  )

  it.each(['/other', SOCKET, `${SOCKET}&sid=1`, '/socket.io/?EIO=3&transport=websocket', '/socket.io/?transport=none'])(
    'survives a reset in the middle of an upgrade of %s',
    async (path) => {
      const socket = connect(Number(new URL(at.door.url).port), '127.0.0.1')
      await once(socket, 'connect')
      const lines = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: pool\r\n${lines.join('')}\r\n`)
      const [answer] = await once(socket, 'data')
      expect(String(answer)).toMatch(/^HTTP\/1.1 /)
      await reset(socket)
      // An error that nobody heard would end this process, too.
      await at.door.mustStillBeOpen()
    },
  )

  it('survives resets that overtake the answer', async () => {
    const port = Number(new URL(at.door.url).port)
    for (let n = 0; n < 40; n++) {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      const lines = Object.entries(UPGRADE).map(([name, value]) => `${name}: ${value}\r\n`)
      await new Promise((resolve) =>
        socket.write(`GET /other HTTP/1.1\r\nHost: pool\r\n${lines.join('')}\r\n`, resolve),
      )
      await reset(socket)
    }
    await at.door.mustStillBeOpen()
  })
})

async function reset(socket: NetSocket): Promise<void> {
  if (socket.destroyed) return
  const closed = once(socket, 'close')
  socket.resetAndDestroy()
  await closed
}

describe('the gate of a full pool', () => {
  const at = useDoor({ limits: { connectionsMax: 2, fullRetryS: 7 } })

  it('says when to come again, and is open when somebody has left', async () => {
    const [first] = [await at.door.joined(), await at.door.joined()]
    const answer = await knocked(at.door.url)
    expect(answer.statusCode).toBe(503)
    expect(answer.headers).toMatchObject({ 'retry-after': '7', connection: 'close' })
    await heard(at.door.open(), 'connect_error')
    first.client.disconnect()
    await vi.waitFor(() => expect(at.door.names).toContain('left'))
    await vi.waitFor(async () => expect((await knocked(at.door.url)).statusCode).toBe(101))
  })

  it.each([
    ['no handshake', '/socket.io/?EIO=3&transport=websocket', {}],
    ['no websocket', SOCKET, { 'sec-websocket-key': 'short' }],
    ['an unknown transport', '/socket.io/?EIO=4&transport=none', {}],
  ])('gives the place of one with %s to the next', async (_, path, headers) => {
    for (let n = 0; n < 5; n++) {
      await vi.waitFor(async () => {
        expect((await knocked(at.door.url, path, { ...UPGRADE, ...headers })).statusCode).not.toBe(503)
      })
    }
  })
})

describe('behind a proxy, whose word counts only where it is trusted', () => {
  const limits = { perHousehold: 1, fullRetryS: 9 }
  const behind = (address: string): Record<string, string> => ({ ...UPGRADE, 'x-forwarded-for': address })
  const networkOf = (door: Door): unknown => door.said.findLast(([name]) => name === 'joined')?.[1]

  describe('trusted', () => {
    const at = useDoor({ limits, addressesDiffer: true, addressOf: createClientAddress(['127.0.0.1']) })

    it('agents have the networks and the budgets of their own addresses', async () => {
      const first = { 'x-forwarded-for': '203.0.113.200, 198.51.100.7' }
      await at.door.joined({}, first)
      expect(networkOf(at.door)).toMatchObject({ network: '198.51.100.0/24' })
      // One connection a household, and what stands before the proxy's own word changes nothing.
      expect((await knocked(at.door.url, SOCKET, behind('198.51.100.7'))).statusCode).toBe(503)
      expect((await knocked(at.door.url, SOCKET, behind('192.0.2.99, 198.51.100.7'))).statusCode).toBe(503)
      expect((await knocked(at.door.url, SOCKET, behind('198.51.100.8'))).statusCode).toBe(101)
    })
  })

  describe('not trusted', () => {
    const at = useDoor({ limits, addressesDiffer: true, addressOf: createClientAddress(['10.0.0.0/8']) })

    it('the header is as if it were not there', async () => {
      await at.door.joined({}, { 'x-forwarded-for': '198.51.100.7' })
      expect(networkOf(at.door)).toMatchObject({ network: '127.0.0.0/24' })
      // This machine has no budget, whatever addresses it names.
      for (let n = 0; n < 3; n++) {
        expect((await knocked(at.door.url, SOCKET, behind('198.51.100.7'))).statusCode).toBe(101)
      }
    })
  })
})

describe('those who wait to be greeted', () => {
  const at = useDoor({ limits: { waitingMax: 2, silentMs: 0, hellos: { perSecond: 1e-3, burst: 1 } } })
  const hello = async (nonce: string, more: object = {}): Promise<object> =>
    helloFrame(nonce, identity, { kind: 'node', ...more })

  it('and are silent lose their place to the next; who spoke keeps it', async () => {
    await at.door.joined()
    const waiting = await at.door.challenged()
    let replied = false
    waiting.client.emit('hello', await hello(waiting.nonce), () => (replied = true))
    // The next frame of this socket is heard after its hello.
    await ask(waiting.client, 'hello', null)
    const silent = await at.door.challenged()
    const gone = heard(silent.client, 'disconnect')
    const next = await at.door.challenged()
    await gone
    expect([waiting.client.connected, next.client.connected, replied]).toEqual([true, true, false])
  })

  it('say hello once', async () => {
    await at.door.joined()
    const { client, nonce } = await at.door.challenged()
    const frame = await hello(nonce)
    client.emit('hello', frame, () => {})
    expect(await ask(client, 'hello', frame)).toMatchObject({ code: 'BAD_FRAME', message: 'hello was said before' })
    expect(at.door.names).toEqual(['joined'])
  })

  it('stand behind the referee, which waits for nobody; its token alone does not help', async () => {
    await at.door.joined()
    const { client, nonce } = await at.door.challenged()
    const frame = await hello(nonce, { token: TOKEN })
    const recorded = { ...frame, signature: Buffer.alloc(64).toString('base64') }
    expect(await ask(client, 'hello', recorded)).toMatchObject({ code: 'BAD_SIGNATURE' })
    expect(await ask(client, 'hello', frame)).toEqual({ ok: true })
    expect(await ask(client, 'ready', readyFrame())).toEqual({ ok: true })
  })
})

describe('a hello that is refused', () => {
  const at = useDoor()

  it('does not give all the time in the world for another', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { client, nonce } = await at.door.challenged()
    const frame = await helloFrame(nonce, identity, { kind: 'node' })
    const wrong = { ...frame, signature: Buffer.alloc(64).toString('base64') }
    expect(await ask(client, 'hello', wrong)).toMatchObject({ code: 'BAD_SIGNATURE' })
    const gone = heard(client, 'disconnect')
    vi.advanceTimersByTime(GATEWAY_LIMITS.helloMs)
    await gone
    expect(at.door.said).toEqual([])
  })
})

describe('a hello whose socket is gone when its turn comes', () => {
  // Half a second until its turn: it is gone by then, on a busy machine too.
  const at = useDoor({ limits: { hellos: { perSecond: 2, burst: 1 } } })

  it('brings nobody in', async () => {
    await at.door.joined()
    const { client, nonce } = await at.door.challenged()
    client.emit('hello', await helloFrame(nonce, identity, { kind: 'node' }))
    await ask(client, 'hello', null)
    client.disconnect()
    // Its turn comes before theirs.
    await at.door.joined()
    expect(at.door.names).toEqual(['joined', 'joined'])
  })
})
