// A gateway on a port of this machine with a listener that only notes what it heard, and clients that say what a test
// likes: what the tests of the agents' door start from.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io, type Socket } from 'socket.io-client'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { answerFrame, helloFrame } from '@forge/shared/agent/frames.ts'
import { identityFromKeys, newSecretKey, type Identity } from '@forge/shared/agent/identity.ts'
import type { Assignment, Reply } from '@forge/shared/contract/agent-events.ts'
import type { AssignmentId, SessionId } from '@forge/shared/contract/ids.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { createLogger } from '../../logger.ts'
import { createClientAddress } from './client-address.ts'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
import type { NodeTokens } from './node-tokens.ts'
import { GatedRequest } from './upgrade-gate.ts'
import type { GatewayListener } from './gateway-frames.ts'

export const TOKEN = 'token-of-the-referee-é'
export const PUBLIC_URL = 'https://pool.example'
export const fence = { assignmentId: 'ab'.repeat(16) as AssignmentId, epoch: 3 }

export const newIdentity = (): Identity => identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
export const identity = newIdentity()

/** What a client hears once. */
export const heard = (client: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    client.once(event, resolve)
  })

export const ask = (client: Socket, event: string, ...frame: unknown[]): Promise<Reply> =>
  client.emitWithAck(event, ...frame)

/** Two shards, signed. */
export function signedAnswer(by = identity): Promise<object> {
  const results = [1, 2].map((shard) => ({ shard, partial: Uint8Array.of(shard, 9), kernelMs: 1 }))
  return answerFrame(fence as Assignment, results, by)
}

export function readyFrame(change: object = {}): object {
  const [artifact] = artifacts
  return {
    engine: 'wasm',
    kernel: artifact?.name,
    kernelDigest: artifact?.kernelDigest,
    digests: artifact?.knownAnswers.map(({ digest }) => digest),
    unitsPerSecond: 1_000,
    ...change,
  }
}

const NO_TOKENS: NodeTokens = {
  holderOf: async () => ({ ok: false, code: 'BAD_TOKEN', message: 'There are none here.' }),
  ended: async () => new Set(),
}

/** One door a test. */
export class Door {
  gateway: Gateway
  listener: GatewayListener
  /** What the listener heard: the method's name, then its arguments. */
  readonly said: unknown[][] = []
  readonly #http = createServer({ IncomingMessage: GatedRequest }, (_, response) => response.end('here'))
  readonly #clients: Socket[] = []

  constructor(options: Partial<GatewayOptions> = {}) {
    const note =
      (name: string) =>
      (...args: unknown[]): void =>
        void this.said.push([name, ...args])
    this.listener = {
      joined: note('joined'),
      ready: note('ready'),
      unfit: note('unfit'),
      answer: (session, { answer }, reply) => {
        this.said.push(['answer', session, answer.shards.length])
        reply({ ok: true })
        return null
      },
      refuses: () => null,
      progressed: (...args) => {
        this.said.push(['progressed', ...args])
        return null
      },
      failed: (...args) => {
        this.said.push(['failed', ...args])
        return null
      },
      handback: (...args) => {
        this.said.push(['handback', ...args])
        return null
      },
      paused: note('paused'),
      left: note('left'),
    }
    this.gateway = createGateway(this.#http, {
      logger: createLogger('silent'),
      listener: this.listener,
      refereeToken: TOKEN,
      tokens: NO_TOKENS,
      publicUrl: PUBLIC_URL,
      addressesDiffer: false,
      addressOf: createClientAddress([]),
      ...options,
    })
  }

  async listen(): Promise<void> {
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.disconnect()
    this.gateway.close()
    this.#http.close()
    await once(this.#http, 'close')
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  get names(): unknown[] {
    return this.said.map(([name]) => name)
  }

  open(headers: Record<string, string> = {}): Socket {
    const client = io(this.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      extraHeaders: headers,
    })
    this.#clients.push(client)
    return client
  }

  async challenged(headers: Record<string, string> = {}): Promise<{ client: Socket; nonce: string }> {
    const client = this.open(headers)
    const { nonce } = (await heard(client, 'challenge')) as { nonce: string }
    return { client, nonce }
  }

  async joined(
    extra: { token?: string } = {},
    headers: Record<string, string> = {},
  ): Promise<{ client: Socket; session: SessionId }> {
    const { client, nonce } = await this.challenged(headers)
    const reply = await ask(client, 'hello', await helloFrame(nonce, identity, { kind: 'node', ...extra }))
    expect(reply).toEqual({ ok: true })
    return { client, session: client.id as SessionId }
  }

  /** An honest agent still gets in: nothing that was done before has hurt the server. */
  async mustStillBeOpen(): Promise<void> {
    const { client } = await this.joined()
    expect(await ask(client, 'ready', readyFrame())).toEqual({ ok: true })
  }
}

/** A fresh door for each test of a file. */
export function useDoor(options: Partial<GatewayOptions> = {}): { door: Door; renewed: () => Door } {
  const holder = { renewed: () => new Door(options) } as { door: Door; renewed: () => Door }
  beforeEach(async () => {
    holder.door = new Door(options)
    await holder.door.listen()
  })
  afterEach(async () => {
    vi.useRealTimers()
    await holder.door.close()
  })
  return holder
}
