// The measure beside which dispatch is told: socket.io alone, with the Hub's settings, answering each frame at once.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Server as SocketServer } from 'socket.io'
import { io } from 'socket.io-client'
import { GATEWAY_LIMITS } from '@forge/server/hub/edge/limits.ts'
import { cpuSeconds, startBare, type Server } from './processes.ts'

/** Runs until it is told to stop. */
export async function serveBare(): Promise<void> {
  const http = createServer()
  const server = new SocketServer(http, {
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: GATEWAY_LIMITS.frameBytesMax,
  })
  server.on('connection', (socket) => {
    socket.on('frame', (_: unknown, reply: (answer: object) => void) => reply({ ok: true }))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  console.log(JSON.stringify({ url, msg: 'listening' }))
  process.on('SIGTERM', () => process.exit(0))
}

const SOCKETS = 64
/** Frames of one socket that wait for their replies. */
const WINDOW = 2
const WARM_UP_MS = 1_000
const MEASURED_MS = 5_000

/** As little as a frame can say. */
const SMALL_FRAME = { n: 1 }
/** What an answer of one shard weighs, its bytes as an attachment. */
const ANSWER_FRAME = {
  assignmentId: 'a'.repeat(32),
  epoch: 1,
  shards: [{ shard: 0, digest: 'd'.repeat(64), bytes: 32 }],
  partials: new Uint8Array(32),
  kernelMs: 0,
  signature: 's'.repeat(88),
}

export interface RoundTrips {
  readonly perSecond: number
  /** Of the server's processor time: what it would be if it had a core to itself. */
  readonly perCoreSecond: number
}

export interface Bare {
  readonly small: RoundTrips
  readonly answer: RoundTrips
}

/** Both kinds of frame on a bare server of their own. */
export async function measureBare(): Promise<Bare> {
  const server = await startBare('bench/dispatch.ts')
  try {
    return { small: await roundTrips(server, SMALL_FRAME), answer: await roundTrips(server, ANSWER_FRAME) }
  } finally {
    await server.close()
  }
}

/** Each reply is followed by the next frame. */
async function roundTrips({ url, pid }: Server, frame: object): Promise<RoundTrips> {
  const open = Array.from({ length: SOCKETS }, () => io(url, { transports: ['websocket'], forceNew: true }))
  await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.on('connect', resolve))))
  let replies = 0
  let over = false
  const again = (socket: (typeof open)[number]): void => {
    if (!over) socket.emit('frame', frame, () => (replies++, again(socket)))
  }
  for (const socket of open) for (let i = 0; i < WINDOW; i++) again(socket)
  await pause(WARM_UP_MS)
  const [before, began, cpuBefore] = [replies, performance.now(), cpuSeconds(pid)]
  await pause(MEASURED_MS)
  const trips = replies - before
  const perSecond = (trips * 1_000) / (performance.now() - began)
  const perCoreSecond = trips / (cpuSeconds(pid) - cpuBefore)
  over = true
  for (const socket of open) socket.disconnect()
  return { perSecond, perCoreSecond }
}
