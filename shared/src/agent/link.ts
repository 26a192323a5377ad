// The connection to the Hub: one socket that is opened again after a back-off, and the tables beside it over HTTP. The
// socket itself comes from the edge, so that this file serves the page's worker, the Node agent and tests alike.
import type { AgentToHub, HubToAgent } from '../contract/agent-events.ts'
import { bytesToWords } from '../exact/bytes.ts'
import { digest, type Digest } from '../exact/digest.ts'

export const LINK_LIMITS = {
  /**
   * The first wait is at most this, each further one at most twice the one before. Full jitter: any part of it. A full
   * pool also names a time to come again, in a header that no browser shows and that socket.io's client hides in Node.
   */
  backOffMs: 1000,
  backOffMaxMs: 60_000,
  tableTries: 3,
  /** The greatest table is 1 MB; what is far longer is not one. */
  tableBytesMax: 16 * 2 ** 20,
  tablesKeptBytes: 64 * 2 ** 20,
} as const

export interface LinkListener {
  /** Not parsed yet. */
  frame(event: keyof HubToAgent, payload: unknown): void
  /** The connection ended, or could not be made. */
  down(): void
}

export interface Link {
  listen(listener: LinkListener): void
  /** Attempt 0 at once. */
  connect(attempt: number): void
  /** Frames are dropped when there is no connection: what they answer is gone with it. */
  send(event: keyof AgentToHub, frame: object, reply: (reply: unknown) => void): void
  disconnect(): void
}

/** What is used of socket.io's client, opened with `reconnection: false` and `autoConnect: false`. */
export interface SocketLike {
  readonly connected: boolean
  connect(): unknown
  disconnect(): unknown
  on(event: string, listener: (payload: unknown) => void): unknown
  emit(event: string, frame: object, reply: (reply: unknown) => void): unknown
}

const HUB_EVENTS = [
  'challenge',
  'assign',
  'revoke',
  'tally',
  'refused',
] as const satisfies readonly (keyof HubToAgent)[]

/** Milliseconds to wait before a try; `random` is in [0, 1). */
export const backOffMs = (attempt: number, random: number): number =>
  attempt === 0 ? 0 : random * Math.min(LINK_LIMITS.backOffMaxMs, LINK_LIMITS.backOffMs * 2 ** (attempt - 1))

export function socketLink(socket: SocketLike): Link {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    listen({ frame, down }) {
      for (const event of HUB_EVENTS) socket.on(event, (payload) => frame(event, payload))
      socket.on('disconnect', down)
      socket.on('connect_error', down)
    },
    connect(attempt) {
      clearTimeout(timer)
      timer = setTimeout(() => socket.connect(), backOffMs(attempt, Math.random()))
    },
    send(event, frame, reply) {
      if (socket.connected) socket.emit(event, frame, reply)
    },
    disconnect() {
      clearTimeout(timer)
      socket.disconnect()
    },
  }
}

/** The pool answers, and does not have it: an agent of another version. Asking again does not help. */
class TableMissing extends Error {
  override readonly name = 'TableMissing'
}

/** Tries again, with the pauses of a reconnect, until it succeeds, nobody waits any more, or the table is missing. */
export async function patiently<T>(work: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof TableMissing || isOver()) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, Math.random())))
  }
}

export type TableSource = (name: Digest) => Promise<Uint32Array>

/** Tables by digest from `/agent/tables/`, checked against it and kept. Rejects with a sentence. */
export function httpTables(origin: string): TableSource {
  const kept = new Map<Digest, Promise<Uint32Array>>()
  let keptBytes = 0
  const load = async (name: Digest): Promise<Uint32Array> => {
    const bytes = await fetched(new URL(`/agent/tables/${name}`, origin))
    if (digest('table.v1', bytes) !== name) throw new Error(`The table ${name} arrived with other bytes.`)
    // Forgetting all at once is rare and simple: a job has three tables, and they are fetched again in a moment.
    if (keptBytes + bytes.length > LINK_LIMITS.tablesKeptBytes) {
      kept.clear()
      keptBytes = 0
    }
    keptBytes += bytes.length
    return bytesToWords(bytes)
  }
  return (name) => {
    const known = kept.get(name)
    if (known) return known
    const words = load(name)
    kept.set(name, words)
    words.catch(() => kept.delete(name))
    return words
  }
}

async function fetched(url: URL): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(url)
      if (response.status === 404) throw new TableMissing(`The pool has no table ${url.pathname}; reload or update.`)
      if (!response.ok) throw new Error(`The table ${url.pathname} answered ${response.status}.`)
      const bytes = new Uint8Array(await response.arrayBuffer())
      if (bytes.length > LINK_LIMITS.tableBytesMax) throw new Error(`The table ${url.pathname} is too long.`)
      return bytes
    } catch (error) {
      if (error instanceof TableMissing || attempt >= LINK_LIMITS.tableTries) throw error
      await new Promise((resolve) => setTimeout(resolve, backOffMs(attempt, Math.random())))
    }
  }
}
