// The agents' door: who is let in, what a ready and an answer must prove, which pages may open a socket, and what the Hub
// can say through it. Garbage and floods are in the file beside it.
import { describe, expect, it, vi } from 'vitest'
import { helloFrame } from '@forge/shared/agent/frames.ts'
import { identityOf } from '@forge/shared/agent/identity.ts'
import type { Hello } from '@forge/shared/contract/agent-events.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import {
  ask,
  fence,
  heard,
  identity,
  newIdentity,
  PUBLIC_URL,
  readyFrame,
  signedAnswer,
  TOKEN,
  useDoor,
} from './gateway.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'

const at = useDoor()

describe('hello', () => {
  it('lets in who signs the challenge, and says who it is', async () => {
    const { session } = await at.door.joined()
    const agent = {
      session,
      identity: identityOf(identity.publicKey),
      network: '127.0.0.0/24',
      referee: false,
      token: null,
      name: null,
      kind: 'node',
    }
    expect(at.door.said).toEqual([['joined', agent]])
  })

  it('knows the referee by its token', async () => {
    await at.door.joined({ token: TOKEN })
    expect(at.door.said).toMatchObject([['joined', { referee: true }]])
  })

  it.each([
    ['a token of the same length', 'x'.repeat(TOKEN.length)],
    ['a token of as many characters but other bytes', 'é'.repeat(TOKEN.length)],
    ['an empty token', ''],
  ])('refuses %s', async (_, token) => {
    const { client, nonce } = await at.door.challenged()
    const frame = await helloFrame(nonce, identity, { kind: 'node', token })
    expect(await ask(client, 'hello', frame)).toMatchObject({ ok: false, code: 'BAD_TOKEN' })
    expect(at.door.said).toEqual([])
    await at.door.mustStillBeOpen()
  })

  it('refuses a hello that was recorded on another connection', async () => {
    const first = await at.door.challenged()
    const recorded = await helloFrame(first.nonce, identity, { kind: 'node' })
    expect(await ask(first.client, 'hello', recorded)).toEqual({ ok: true })
    const second = await at.door.challenged()
    expect(second.nonce).not.toBe(first.nonce)
    expect(await ask(second.client, 'hello', recorded)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' })
    expect(at.door.said).toHaveLength(1)
  })

  it('refuses a key that did not sign, and a second hello', async () => {
    const { client, nonce } = await at.door.challenged()
    const frame: Hello = await helloFrame(nonce, identity, { kind: 'node' })
    const { publicKey } = await helloFrame(nonce, newIdentity(), { kind: 'node' })
    expect(await ask(client, 'hello', { ...frame, publicKey })).toMatchObject({ code: 'BAD_SIGNATURE' })
    expect(await ask(client, 'hello', frame)).toEqual({ ok: true })
    const gone = heard(client, 'disconnect')
    for (const _ of [2, 3]) expect(await ask(client, 'hello', frame)).toMatchObject({ code: 'BAD_FRAME' })
    // The third strike.
    await gone
    await vi.waitFor(() => expect(at.door.names).toEqual(['joined', 'left']))
  })

  it('does not wait for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { client } = await at.door.challenged()
    const gone = heard(client, 'disconnect')
    vi.advanceTimersByTime(GATEWAY_LIMITS.helloMs)
    await gone
    expect(at.door.said).toEqual([])
  })
})

describe('a ready', () => {
  it('counts with the known answers of a kernel that is ours', async () => {
    const { client, session } = await at.door.joined()
    expect(await ask(client, 'ready', readyFrame())).toEqual({ ok: true })
    expect(at.door.said.at(-1)).toMatchObject([
      'ready',
      session,
      artifacts[0]?.name,
      { engine: 'wasm', unitsPerSecond: 1_000 },
    ])
  })

  it('is answered before the work that it brings: what came first would be handed back', async () => {
    const { client } = await at.door.joined()
    const order: string[] = []
    client.once('tally', () => order.push('what the Hub sends next'))
    at.door.listener.ready = (session) =>
      at.door.gateway.send(session, 'tally', { accepted: 0, pending: 0, rejected: 0 })
    client.emit('ready', readyFrame(), () => order.push('the reply'))
    await vi.waitFor(() => expect(order).toEqual(['the reply', 'what the Hub sends next']))
  })

  const digests = artifacts[0]?.knownAnswers.map(({ digest }) => digest) ?? []
  it.each([
    ['one digest too few', { digests: digests.slice(1) }, 'SELF_TEST_FAILED'],
    ['no digest', { digests: [] }, 'SELF_TEST_FAILED'],
    ['a wrong digest', { digests: ['0'.repeat(64), ...digests.slice(1)] }, 'SELF_TEST_FAILED'],
    ['the digests in another order', { digests: digests.toReversed() }, 'SELF_TEST_FAILED'],
    ['another kernel', { kernel: 'mc/9/none.v1' }, 'KERNEL_UNKNOWN'],
    ['another digest of the kernel', { kernelDigest: '0'.repeat(64) }, 'KERNEL_UNKNOWN'],
    ['a speed of nothing', { unitsPerSecond: 0 }, 'BAD_FRAME'],
    ['a speed beyond all machines', { unitsPerSecond: 1e300 }, 'BAD_FRAME'],
  ])('with %s is refused', async (_, change, code) => {
    const { client } = await at.door.joined()
    expect(await ask(client, 'ready', readyFrame(change))).toMatchObject({ ok: false, code })
    expect(at.door.names).toEqual(code === 'SELF_TEST_FAILED' ? ['joined', 'unfit'] : ['joined'])
  })
})

describe('an answer', () => {
  it('is opened and handed on, and the Hub replies', async () => {
    const { client, session } = await at.door.joined()
    expect(await ask(client, 'answer', await signedAnswer())).toEqual({ ok: true })
    expect(at.door.said.at(-1)).toEqual(['answer', session, 2])
  })

  it('signed by another key is not', async () => {
    const { client } = await at.door.joined()
    expect(await ask(client, 'answer', await signedAnswer(newIdentity()))).toMatchObject({
      ok: false,
      code: 'BAD_SIGNATURE',
    })
    expect(at.door.names).toEqual(['joined'])
  })

  it('that breaks the Hub costs its own connection only', async () => {
    const { client } = await at.door.joined()
    at.door.listener.answer = () => {
      throw new Error('a bug of ours')
    }
    const gone = heard(client, 'disconnect')
    client.emit('answer', await signedAnswer())
    await gone
    await at.door.mustStillBeOpen()
  })
})

describe('a word of progress', () => {
  it('is handed on and acknowledged', async () => {
    const { client, session } = await at.door.joined()
    const frame = { ...fence, units: 65_536 }
    expect(await ask(client, 'progress', frame)).toEqual({ ok: true })
    expect(at.door.said.at(-1)).toEqual(['progressed', session, frame])
  })

  it('of a lease that is over is refused, and no strike', async () => {
    const { client } = await at.door.joined()
    at.door.listener.progressed = () => ({ ok: false, code: 'STALE_EPOCH', message: 'over' })
    for (let n = 0; n <= GATEWAY_LIMITS.strikesMax; n++) {
      expect(await ask(client, 'progress', { ...fence, units: 1 + n })).toMatchObject({ code: 'STALE_EPOCH' })
    }
    expect(client.connected).toBe(true)
  })

  it.each([0, -1, 0.5, 2 ** 53, '7', null])('of %s units is no frame', async (units) => {
    const { client } = await at.door.joined()
    expect(await ask(client, 'progress', { ...fence, units })).toMatchObject({ code: 'BAD_FRAME' })
    expect(at.door.names).toEqual(['joined'])
  })
})

describe('the page that opens a socket', () => {
  it.each(['https://evil.example', 'null', 'not a url', 'http://', 'file://', 'http://127.0.0.1:1'])(
    'of origin %s is refused',
    async (origin) => {
      await heard(at.door.open({ origin }), 'connect_error')
      expect(await (await fetch(at.door.url)).text()).toBe('here')
      await at.door.mustStillBeOpen()
    },
  )

  it('of our own host or of the public address is let in', async () => {
    await at.door.challenged({ origin: at.door.url })
    await at.door.challenged({ origin: PUBLIC_URL })
  })
})

describe('the Hub', () => {
  it('expels with its reason, and hears of the leaving only afterwards', async () => {
    const { client, session } = await at.door.joined()
    const refused = heard(client, 'refused')
    at.door.gateway.expel(session, { ok: false, code: 'QUARANTINED', message: 'no more' })
    // The core's other commands come first: an event between them would be carried out in the wrong order.
    expect(at.door.names).toEqual(['joined'])
    expect(await refused).toMatchObject({ code: 'QUARANTINED' })
    expect(at.door.said.at(-1)).toEqual(['left', session])
    at.door.gateway.send(session, 'revoke', { assignmentId: fence.assignmentId })
    at.door.gateway.expel(session, { ok: false, code: 'QUARANTINED', message: 'again' })
  })

  it('says that it stops', async () => {
    const { client } = await at.door.joined()
    const refused = heard(client, 'refused')
    at.door.gateway.close()
    expect(await refused).toMatchObject({ code: 'SERVER_STOPPING' })
  })
})
