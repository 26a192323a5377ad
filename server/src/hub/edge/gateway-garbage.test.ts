// The agents' door against garbage, over real sockets on this machine: frames of every wrong type, events that do not
// exist, packets below the protocol, too many bytes and too many frames. The next honest agent is let in as before.
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { ask, fence, heard, signedAnswer, useDoor } from './gateway.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'

const at = useDoor()

const GARBAGE: unknown[] = [
  null,
  0,
  Number.NaN,
  -1e308,
  '',
  'x'.repeat(10_000),
  true,
  [],
  [[[[[]]]]],
  {},
  { ok: false },
  { ...fence, epoch: -1 },
  { ...fence, epoch: '3' },
  { ...fence, extra: 1 },
  { ...fence, shard: 1e9, reason: 'r' },
  { ...fence, shard: 1, reason: 'r'.repeat(501) },
  { ...fence, shards: [], partials: [], kernelMs: 0, signature: '' },
  { ...fence, shards: [{ shard: 0 }], partials: 'bytes', kernelMs: -1, signature: '=' },
  JSON.parse('{"__proto__": {"ok": true}, "constructor": null}'),
  JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`),
  { ...fence, partials: { _placeholder: true, num: 0 } },
]

describe('garbage', () => {
  it.each(['hello', 'ready', 'answer', 'progress', 'failed', 'handback'])(
    'in %s is refused three times, then the door closes',
    {
      timeout: 20_000,
    },
    async (event) => {
      for (let n = 0; n < GARBAGE.length; n += 3) {
        const { client } = event === 'hello' ? await at.door.challenged() : await at.door.joined()
        const gone = heard(client, 'disconnect')
        for (const frame of GARBAGE.slice(n, n + 3)) {
          expect(await ask(client, event, frame)).toMatchObject({ ok: false, code: 'BAD_FRAME' })
        }
        await gone
      }
      if (event !== 'hello') {
        const { client } = await at.door.joined()
        expect(await ask(client, event, new Uint8Array(3))).toMatchObject({ ok: false, code: 'BAD_FRAME' })
      }
      const names = new Set(at.door.names)
      expect([...names].filter((name) => name !== 'joined' && name !== 'left')).toEqual([])
      await at.door.mustStillBeOpen()
    },
  )

  it('without a frame, without a place to answer, and with too many of both', async () => {
    const { client } = await at.door.joined()
    const refused = heard(client, 'refused')
    client.emit('handback')
    client.emit('failed', fence, 1, 2, 3, 4)
    client.emit('answer', {}, 'no function')
    expect(await refused).toMatchObject({ code: 'BAD_FRAME' })
    await at.door.mustStillBeOpen()
  })

  it('in events that do not exist, or before hello, are strikes too', async () => {
    const { client } = await at.door.challenged()
    const refused = heard(client, 'refused')
    client.emit('answer', await signedAnswer())
    client.emit('error', {})
    client.emit('tally', {})
    expect(await refused).toMatchObject({ code: 'BAD_FRAME' })
    expect(at.door.said).toEqual([])
    await at.door.mustStillBeOpen()
  })

  it.each([
    ['no packet', '9nonsense'],
    ['broken JSON', '2["hello",{'],
    ['an attachment that never comes', '51-["answer",{"partials":{"_placeholder":true,"num":0}}]'],
    ['attachments without end', '5999999-["answer",{"_placeholder":true,"num":0}]'],
    ['an attachment out of nowhere', '50-["answer",{"_placeholder":true,"num":7}]'],
    ['a reserved name', '2["disconnect","x"]'],
    ['another namespace', '0/admin,'],
  ])('below the protocol: %s', async (_, packet) => {
    const { client } = await at.door.joined()
    client.io.engine.write(packet)
    await turn()
    client.disconnect()
    await vi.waitFor(() => expect(at.door.names).toEqual(['joined', 'left']))
    await at.door.mustStillBeOpen()
  })

  it('of more bytes than any answer has ends the connection', async () => {
    const { client } = await at.door.joined()
    const gone = heard(client, 'disconnect')
    client.emit('answer', new Uint8Array(GATEWAY_LIMITS.frameBytesMax + 1))
    await gone
    await vi.waitFor(() => expect(at.door.names).toEqual(['joined', 'left']))
    await at.door.mustStillBeOpen()
  })

  it.each([
    ['handback', fence],
    ['nothing-we-know', {}],
  ])('a flood of %s frames ends the connection', async (event, frame) => {
    const { client } = await at.door.joined()
    const gone = heard(client, 'disconnect')
    const { burst } = GATEWAY_LIMITS.packets
    for (let n = 0; n <= 2 * burst; n++) client.emit(event, frame)
    await gone
    expect(at.door.said.filter(([name]) => name === 'handback').length).toBeLessThan(2 * burst)
    await at.door.mustStillBeOpen()
  })
})
