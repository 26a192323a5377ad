// Agents of another version, over real sockets: they are told which one they speak and what to do, once, and stay away.
import { io } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import { chooseEngine, type EngineHost } from '@forge/shared/agent/engine-host.ts'
import { socketLink, type Link } from '@forge/shared/agent/link.ts'
import { startRunner, type Runner } from '@forge/shared/agent/runner.ts'
import { readySchema } from '@forge/shared/contract/agent-events.ts'
import { ask, heard, newIdentity, readyFrame, useDoor } from './gateway.fixtures.ts'

const at = useDoor()

const host: EngineHost = {
  engine: 'wasm',
  lanes: 1,
  selfTest: async () => [readySchema.parse(readyFrame())],
  run: async () => {},
  setShare: () => {},
  busyMs: () => 0,
  close: () => {},
}

/** Today's agent, but for the version that it says it speaks, and a field that only that version has. */
function agentOf(protocol: number): { runner: Runner; connects: () => number } {
  const socket = io(at.door.url, { transports: ['websocket'], reconnection: false, autoConnect: false, forceNew: true })
  const today = socketLink(socket)
  let connects = 0
  const link: Link = {
    ...today,
    connect(attempt) {
      connects++
      today.connect(attempt)
    },
    send: (event, frame, reply) =>
      today.send(event, event === 'hello' ? { ...frame, protocol, mood: 'good' } : frame, reply),
  }
  const runner = startRunner({
    link,
    tables: async () => new Uint32Array(),
    engines: (changed) => chooseEngine([{ engine: 'wasm', chances: 1, open: async () => host }], changed),
    identity: newIdentity(),
    kind: 'browser',
  })
  return { runner, connects: () => connects }
}

describe('an agent of another version', () => {
  it.each([
    [0, 'This agent speaks protocol 0, this pool 1. Reload the page, or update the agent.'],
    [99, 'This agent speaks protocol 99, this pool 1. Reload the page, or take the agent of the pool’s version.'],
  ])('%i shows what to do, and does not come again', async (protocol, sentence) => {
    const { runner, connects } = agentOf(protocol)
    await runner.ended
    expect(runner.snapshot()).toMatchObject({ state: 'refused', why: sentence, connected: false })
    expect(connects()).toBe(1)
    expect(at.door.said).toEqual([])
  })

  it.each([
    [0, 'PROTOCOL_TOO_OLD'],
    [99, 'PROTOCOL_TOO_NEW'],
  ])(
    '%i is told by reply and by event, and the Hub hangs up: it may understand one of them',
    async (protocol, code) => {
      const { client } = await at.door.challenged()
      const [refused, gone] = [heard(client, 'refused'), heard(client, 'disconnect')]
      expect(await ask(client, 'hello', { protocol, whatever: 'it has' })).toMatchObject({ ok: false, code })
      expect(await refused).toMatchObject({ ok: false, code })
      await gone
      await at.door.mustStillBeOpen()
    },
  )
})
