// What one connection may cost, over real sockets: where an honest agent would never come the connection ends, with a word
// why; a fast one is only read more slowly; and who does not read, or does not hang up, is cut.
import { Manager, type Socket } from 'socket.io-client'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { answerFrame } from '@forge/shared/agent/frames.ts'
import { AGENT_LIMITS, type Assignment } from '@forge/shared/contract/agent-events.ts'
import { ask, fence, heard, identity, useDoor } from './gateway.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'

const at = useDoor()

/** The client's own websocket, as `ws` gives it in Node. */
interface Raw {
  send(data: string | Uint8Array, options?: { fin: boolean }): void
  ping(): void
  pause(): void
}
function rawOf(client: Socket): Raw {
  const { transport } = client.io.engine
  if (!('ws' in transport)) throw new Error('the client’s transport is no websocket')
  return transport.ws as Raw
}

/** What the Hub says before it hangs up. */
async function ended(client: Socket): Promise<string> {
  const [refused] = await Promise.all([heard(client, 'refused'), heard(client, 'disconnect')])
  expect(refused).toMatchObject({ ok: false, code: 'BAD_FRAME' })
  return (refused as { message: string }).message
}

describe('before hello', () => {
  const { strangerBytesMax } = GATEWAY_LIMITS

  it.each([
    [
      'many frames',
      (client: Socket) => client.emit('hello', 'x'.repeat(strangerBytesMax / 2), 'x'.repeat(strangerBytesMax / 2)),
    ],
    // The engine hears of a message only when it is whole.
    [
      'a message that never ends',
      (client: Socket) => rawOf(client).send(`42["hello","${'x'.repeat(strangerBytesMax)}`, { fin: false }),
    ],
  ])('a stranger may not send much: %s', async (_, send) => {
    const { client } = await at.door.challenged()
    const end = ended(client)
    send(client)
    expect(await end).toBe(`more than ${strangerBytesMax} bytes before hello`)
  })

  it('nor bytes', async () => {
    const { client } = await at.door.challenged()
    const end = ended(client)
    client.emit('hello', Uint8Array.of(1))
    expect(await end).toBe('bytes before hello')
  })

  it('nor stay without socket.io’s own greeting', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const manager = new Manager(at.door.url, { transports: ['websocket'], reconnection: false })
    await new Promise<void>((resolve) => manager.once('open', () => resolve()))
    const gone = new Promise<void>((resolve) => manager.once('close', () => resolve()))
    // The engine's greeting comes with the budget, socket.io's timer right behind it.
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0))
    vi.advanceTimersByTime(GATEWAY_LIMITS.connectMs)
    await gone
  })
})

describe('what no agent says', () => {
  it.each([
    ['3["x"]', 'an answer to nothing'],
    ['3999999999999999["x"]', 'an answer to nothing'],
    ['61-["x"]', 'an answer to nothing'],
    ['4{"message":"x"}', 'an answer to nothing'],
    ['52-["answer",{"_placeholder":true,"num":0}]', 'more than one attachment'],
    ['510-["answer",{"_placeholder":true,"num":0}]', 'more than one attachment'],
    [
      `2["failed","${'x'.repeat(GATEWAY_LIMITS.textCharactersMax)}"]`,
      `more than ${GATEWAY_LIMITS.textCharactersMax} characters in a frame`,
    ],
  ])('ends the connection: %.20s', async (packet, why) => {
    const { client } = await at.door.joined()
    const end = ended(client)
    client.io.engine.write(packet)
    expect(await end).toBe(why)
    await vi.waitFor(() => expect(at.door.names).toEqual(['joined', 'left']))
    await at.door.mustStillBeOpen()
  })

  it.each([
    ['engine’s no-operation', (raw: Raw) => raw.send('6')],
    ['engine’s pong', (raw: Raw) => raw.send('3')],
    ['websocket ping', (raw: Raw) => raw.ping()],
    // One that is welcome in itself: after three strikes the connection ends for them, where the packets come apart.
    ['event', (raw: Raw) => raw.send(`42${JSON.stringify(['progress', { ...fence, units: 1 }])}`)],
  ])('nor often: %s', async (_, send) => {
    const { client } = await at.door.joined()
    const end = ended(client)
    const raw = rawOf(client)
    const { burst, perSecond } = GATEWAY_LIMITS.packets
    for (let n = 0; n < 2 * burst; n++) send(raw)
    expect(await end).toBe(`more than ${perSecond} packets in a second`)
    await at.door.mustStillBeOpen()
  })

  it('ready and pause said again and again are strikes', async () => {
    const { client } = await at.door.joined()
    const why = heard(client, 'refused')
    const { burst } = GATEWAY_LIMITS.presence
    for (let n = 0; n < burst; n++) expect(await ask(client, 'pause', {})).toEqual({ ok: true })
    for (let n = 0; n < GATEWAY_LIMITS.strikesMax + 1; n++) client.emit(n % 2 === 0 ? 'pause' : 'ready', {})
    expect(await why).toMatchObject({ code: 'BAD_FRAME', message: expect.stringContaining('too often') })
    expect(at.door.said.filter(([name]) => name === 'paused').length).toBeLessThanOrEqual(burst + 1)
    await at.door.mustStillBeOpen()
  })

  it('a failure for each shard of the largest assignment is not too often', async () => {
    const { client } = await at.door.joined()
    const frames = Array.from({ length: AGENT_LIMITS.shardsPerAssignmentMax }, (_, shard) => ({
      ...fence,
      shard,
      reason: 'r',
    }))
    const replies = await Promise.all(frames.map((frame) => ask(client, 'failed', frame)))
    expect(replies.every(({ ok }) => ok)).toBe(true)
  })
})

describe('an agent that has much to say', () => {
  const ANSWERS = 6
  let frames: object[]
  beforeEach(async () => {
    const partial = new Uint8Array(AGENT_LIMITS.answerBytesMax / 2)
    const results = [1, 2].map((shard) => ({ shard, partial, kernelMs: 1 }))
    const frame = await answerFrame(fence as Assignment, results, identity)
    frames = Array.from({ length: ANSWERS }, () => frame)
  })

  it('is read more slowly, and all of it counts', async () => {
    const { client } = await at.door.joined()
    // Digests of so much would take longer than the budget gives.
    const late = { ok: false, code: 'STALE_EPOCH', message: 'over' } as const
    at.door.listener.refuses = () => late
    // Both ends have sockets of one class; the client pauses nobody.
    const pauses = vi.spyOn(Object.getPrototypeOf(rawOf(client)), 'pause')
    const replies = await Promise.all(frames.map((frame) => ask(client, 'answer', frame)))
    expect(replies).toEqual(frames.map(() => late))
    expect(pauses.mock.calls.length).toBeGreaterThan(0)
    pauses.mockRestore()
    expect(client.connected).toBe(true)
  })
})

describe('the other side', () => {
  it('that does not read is cut', async () => {
    const { client, session } = await at.door.joined()
    rawOf(client).pause()
    const message = 'x'.repeat(10_000)
    // The system's own buffers between the two hold some megabytes.
    for (let n = 0; n < 3_000 && !at.door.names.includes('left'); n++) {
      at.door.gateway.send(session, 'refused', { ok: false, code: 'BAD_FRAME', message })
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await vi.waitFor(() => expect(at.door.names).toEqual(['joined', 'left']))
    await at.door.mustStillBeOpen()
  })

  it('that reads as it should may be told much', async () => {
    const { client, session } = await at.door.joined()
    const message = 'x'.repeat(10_000)
    const counted = new Promise<void>((resolve) => {
      let n = 0
      client.on('refused', () => ++n === 1_000 && resolve())
    })
    for (let n = 0; n < 1_000; n++) {
      at.door.gateway.send(session, 'refused', { ok: false, code: 'BAD_FRAME', message })
      if (n % 50 === 49) await ask(client, 'progress', { ...fence, units: n })
    }
    await counted
    expect(client.connected).toBe(true)
  })

  it.each(['0', '1'])('that says goodbye (41), comes back (40) %s times and never hangs up is cut', async (times) => {
    const { client } = await at.door.joined()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const gone = heard(client, 'disconnect')
    rawOf(client).send('41')
    await vi.waitFor(() => expect(at.door.names).toEqual(['joined', 'left']))
    for (let n = 0; n < Number(times); n++) rawOf(client).send('40')
    vi.advanceTimersByTime(GATEWAY_LIMITS.goodbyeMs)
    await gone
  })
})

describe('who has gone too far before socket.io knew of it', () => {
  const small = useDoor({ limits: { connectionsMax: 1 } })

  it('and does not hang up, is cut: its place is free again', async () => {
    const manager = new Manager(small.door.url, { transports: ['websocket'], reconnection: false })
    await new Promise<void>((resolve) => manager.once('open', () => resolve()))
    const { transport } = manager.engine
    const raw = 'ws' in transport ? (transport.ws as Raw) : undefined
    raw?.pause()
    for (let n = 0; n < 2 * GATEWAY_LIMITS.packets.burst; n++) raw?.send('6')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    // Each look lets so much time pass: in all not half of what a connection has to answer a ping or a goodbye.
    const comesIn = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const client = small.door.open()
        client.once('challenge', () => resolve())
        client.once('connect_error', reject)
      })
    await vi.waitFor(comesIn, { interval: 500, timeout: 7_000 })
  })
})
