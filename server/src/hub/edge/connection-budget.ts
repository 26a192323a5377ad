// What one connection may cost the server, counted where it cannot be hidden: bytes as they come off the wire, packets
// of every kind as the engine takes them apart, and what was written to it and lies unread. Who asks too much in bytes is
// read more slowly; all else that no honest agent does ends the connection.
import type { Socket } from 'socket.io'
import { GATEWAY_LIMITS } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

type Connection = Socket['conn']

/** What is used of the `ws` socket below the engine's, whose types do not show it. */
interface RawSocket {
  readonly bufferedAmount: number
  pause(): void
  resume(): void
  terminate(): void
  on(event: 'ping' | 'pong', listener: () => void): void
}

export interface ConnectionBudget {
  /** It has said who it is: larger frames, partials among them, are welcome. */
  greeted(): void
  /** Once, with a sentence for the other side; until somebody sets it, the connection just closes. */
  exceeded: (sentence: string) => void
  /** The goodbye was said: whoever does not close its end by itself is cut. */
  cutSoon(): void
}

export function budgetOf(connection: Connection): ConnectionBudget {
  return new Budget(connection)
}

class Budget implements ConnectionBudget {
  exceeded: (sentence: string) => void
  readonly #raw: RawSocket
  readonly #packets: TokenBucket
  readonly #bytes: TokenBucket
  #isStranger = true
  #strangerBytes = 0
  /** In the engine's own queue, behind what the raw socket holds. */
  #queuedBytes = 0
  #isOver = false
  #isPaused = false

  constructor(connection: Connection) {
    const nowMs = performance.now()
    this.exceeded = () => connection.close(true)
    this.#raw = rawSocketOf(connection)
    this.#packets = new TokenBucket(GATEWAY_LIMITS.packets, nowMs)
    this.#bytes = new TokenBucket(GATEWAY_LIMITS.bytes, nowMs)
    connection.request.socket.prependListener('data', (chunk: Buffer) => this.#read(chunk.length))
    connection.on('packet', ({ type, data }: Packet) => this.#took(type, data))
    connection.on('packetCreate', ({ data }: Packet) => this.#wrote(sizeOf(data)))
    connection.on('flush', () => (this.#queuedBytes = 0))
    // The raw socket answers pings by itself, and the engine never hears of them.
    for (const control of ['ping', 'pong'] as const) this.#raw.on(control, () => this.#took(control, undefined))
  }

  greeted(): void {
    this.#isStranger = false
  }

  cutSoon(): void {
    setTimeout(() => this.#raw.terminate(), GATEWAY_LIMITS.goodbyeMs).unref()
  }

  #read(bytes: number): void {
    if (this.#isStranger && (this.#strangerBytes += bytes) > GATEWAY_LIMITS.strangerBytesMax) {
      return this.#over(`more than ${GATEWAY_LIMITS.strangerBytesMax} bytes before hello`)
    }
    const nowMs = performance.now()
    this.#bytes.owe(nowMs, bytes)
    const debtMs = this.#bytes.waitMs(nowMs, 0)
    if (debtMs === 0 || this.#isPaused) return
    this.#isPaused = true
    this.#raw.pause()
    setTimeout(() => {
      this.#isPaused = false
      this.#raw.resume()
    }, Math.ceil(debtMs)).unref()
  }

  #took(type: string, data: unknown): void {
    const { perSecond } = GATEWAY_LIMITS.packets
    if (!this.#packets.take(performance.now())) return this.#over(`more than ${perSecond} packets in a second`)
    if (type !== 'message') return
    const refused = typeof data === 'string' ? noText(data) : this.#isStranger ? 'bytes before hello' : null
    if (refused !== null) this.#over(refused)
  }

  #wrote(bytes: number): void {
    this.#queuedBytes += bytes
    if (this.#queuedBytes + this.#raw.bufferedAmount <= GATEWAY_LIMITS.unreadBytesMax) return
    // Words would only join the rest.
    this.#isOver = true
    this.#raw.terminate()
  }

  #over(sentence: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.exceeded(sentence)
    this.cutSoon()
  }
}

interface Packet {
  readonly type: string
  readonly data?: unknown
}

/** What no text of an agent's begins with or is as long as; null for all else, which socket.io takes apart. */
function noText(data: string): string | null {
  if (data.length > GATEWAY_LIMITS.textCharactersMax) {
    return `more than ${GATEWAY_LIMITS.textCharactersMax} characters in a frame`
  }
  // The Hub asks for no acknowledgement and reports no errors of connections: 3, 6 and 4 answer nothing.
  if (/^[346]/.test(data)) return 'an answer to nothing'
  // Its parser keeps ten attachments of the greatest length; an answer has one.
  if (data.startsWith('5') && !data.startsWith('51-')) return 'more than one attachment'
  return null
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  return data instanceof Uint8Array ? data.byteLength : 0
}

function rawSocketOf({ transport }: Connection): RawSocket {
  if ('socket' in transport && isRawSocket(transport.socket)) return transport.socket
  throw new Error('the engine’s transport is no websocket')
}

const isRawSocket = (value: unknown): value is RawSocket =>
  typeof value === 'object' &&
  value !== null &&
  'bufferedAmount' in value &&
  ['pause', 'resume', 'terminate', 'on'].every((name) => name in value)
