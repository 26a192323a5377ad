// A Hub for the agents' tests: a real socket.io server that checks what an agent says, deals shards of one launch and
// keeps the partials. It knows nothing of jobs, leases or verification.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { verifySignature } from '@forge/shared/agent/identity.ts'
import {
  answerSchema,
  failedSchema,
  handbackSchema,
  helloSchema,
  progressSchema,
  PROTOCOL_VERSION,
  readySchema,
  type Assignment,
  type Reply,
} from '@forge/shared/contract/agent-events.ts'
import { assignmentIdSchema, type AssignmentId } from '@forge/shared/contract/ids.ts'
import { compileTable, tableDigest } from '@forge/shared/distributions/table.ts'
import { fromBase64, wordsToBytes } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import type { Launch, ShardRange } from '@forge/shared/kernels/kernel.ts'
import { answerDigest, helloDigest } from '@forge/shared/verifier/answer-digest.ts'

interface HubSocket {
  emit(event: string, frame: object): void
  on(event: string, listener: (frame: unknown, reply: (reply: Reply) => void) => void): void
  disconnect(close: boolean): void
}
interface SocketServer {
  on(event: 'connection', listener: (socket: HubSocket) => void): void
  close(): Promise<void>
}

export interface TestHubOptions {
  readonly shards: number
  readonly unitsPerShard: number
  readonly shardsPerAssignment: number
  /** So many hellos come while the agent is quarantined. */
  readonly quarantinedFor?: number
  /** Answers whatever is not an agent's table. */
  readonly serve?: (request: IncomingMessage, response: ServerResponse) => void
}

export interface TestHub {
  readonly url: string
  readonly partials: ReadonlyMap<number, Uint8Array>
  /** Everything that agents said, in order, for a test to read. */
  readonly log: readonly string[]
  /** What a single machine returns for a shard. */
  expected(shard: number): Uint8Array
  /** Resolves when every shard is answered. */
  readonly complete: Promise<void>
  /** Drops every connection, as a Hub that is killed. */
  dropAll(): void
  close(): Promise<void>
}

const NONCE = '5a'.repeat(32)
const ok = { ok: true } as const
const load = createRequire(new URL('../../server/package.json', import.meta.url))

export async function startTestHub(options: TestHubOptions): Promise<TestHub> {
  const [artifact] = artifacts
  const [known] = artifact?.knownAnswers ?? []
  if (artifact === undefined || known === undefined) throw new Error('there is no kernel to test with')
  const tables = new Map(
    artifacts
      .flatMap(({ knownAnswers }) => knownAnswers.flatMap((answer) => Object.values(answer.tables)))
      .map(({ spec }) => compileTable(spec).words)
      .map((words) => [tableDigest(words), words] as const),
  )
  const named = Object.fromEntries(Object.entries(known.tables).map(([name, table]) => [name, table.digest]))
  const launch: Launch = {
    program: known.program,
    constants: Uint32Array.from(known.constants),
    tables: Object.fromEntries(
      Object.entries(named).map(([name, of]) => [name, tables.get(of) ?? new Uint32Array()] as const),
    ),
  }
  const range = (shard: number): ShardRange => ({
    shard,
    firstUnit: BigInt(shard) * BigInt(options.unitsPerShard),
    units: options.unitsPerShard,
  })

  const waiting = Array.from({ length: options.shards }, (_, shard) => shard)
  const partials = new Map<number, Uint8Array>()
  const log: string[] = []
  const sockets = new Set<HubSocket>()
  let hellos = 0
  let assignments = 0
  let completed: () => void = () => {}
  const complete = new Promise<void>((resolve) => (completed = resolve))

  const deal = (): Assignment | undefined => {
    const shards = waiting.splice(0, options.shardsPerAssignment)
    if (shards.length === 0) return undefined
    assignments += 1
    return {
      assignmentId: assignmentIdSchema.parse(assignments.toString(16).padStart(32, '0')),
      epoch: 1,
      kernel: artifact.name,
      kernelDigest: artifact.kernelDigest,
      engine: 'wasm',
      program: known.program,
      constants: [...known.constants],
      tables: named,
      units: String(options.shards * options.unitsPerShard),
      unitsPerShard: options.unitsPerShard,
      passes: 1,
      shards,
      leaseMs: 30_000,
    }
  }

  const serve = (socket: HubSocket): void => {
    const held = new Map<AssignmentId, { assignment: Assignment; open: Set<number> }>()
    let publicKey: Uint8Array = new Uint8Array()
    let engine: Assignment['engine'] = 'wasm'
    let paused = false
    const assign = (): void => {
      const next = held.size < 2 && !paused ? deal() : undefined
      if (next === undefined) return
      held.set(next.assignmentId, { assignment: next, open: new Set(next.shards) })
      socket.emit('assign', { ...next, engine })
      assign()
    }
    const release = (id: AssignmentId): void => {
      waiting.unshift(...(held.get(id)?.open ?? []))
      held.delete(id)
    }
    sockets.add(socket)
    socket.emit('challenge', { protocol: PROTOCOL_VERSION, nonce: NONCE })
    socket.on('hello', (frame, reply) => {
      const hello = helloSchema.parse(frame)
      publicKey = fromBase64(hello.publicKey)
      if (!verifySignature(publicKey, helloDigest(NONCE), fromBase64(hello.signature))) {
        return reply({ ok: false, code: 'BAD_SIGNATURE', message: 'The signature is not of this key.' })
      }
      log.push(`hello ${hello.kind} ${hello.name ?? ''}`.trim())
      if (hellos++ < (options.quarantinedFor ?? 0))
        return reply({ ok: false, code: 'QUARANTINED', message: 'It may not work now.' })
      if (hello.token === 'bad') return reply({ ok: false, code: 'BAD_TOKEN', message: 'This token is not known.' })
      reply(ok)
    })
    socket.on('ready', (frame, reply) => {
      const ready = readySchema.parse(frame)
      log.push(`ready ${ready.engine} ${ready.kernel}`)
      engine = ready.engine
      paused = false
      const right = artifact.knownAnswers.map((answer) => answer.digest).join() === ready.digests.join()
      reply(right ? ok : { ok: false, code: 'SELF_TEST_FAILED', message: 'The known answers differ.' })
      if (right) assign()
    })
    socket.on('answer', (frame, reply) => {
      const answer = answerSchema.parse(frame)
      const lease = held.get(answer.assignmentId)
      if (lease === undefined) return reply({ ok: false, code: 'NOT_YOURS', message: 'Not yours.' })
      if (!verifySignature(publicKey, answerDigest(answer), fromBase64(answer.signature))) {
        return reply({ ok: false, code: 'BAD_SIGNATURE', message: 'The signature is not of this key.' })
      }
      let at = 0
      for (const { shard, bytes, digest: said } of answer.shards) {
        const partial = Uint8Array.from(answer.partials.subarray(at, at + bytes))
        at += bytes
        if (digest('partial.v1', partial) !== said || !lease.open.delete(shard)) {
          return reply({ ok: false, code: 'BAD_PARTIAL', message: `Shard ${shard} is not right.` })
        }
        partials.set(shard, partial)
      }
      log.push(`answer ${answer.shards.length}`)
      if (lease.open.size === 0) held.delete(answer.assignmentId)
      reply(ok)
      socket.emit('tally', { accepted: partials.size, pending: 0, rejected: 0 })
      if (partials.size === options.shards) completed()
      assign()
    })
    socket.on('progress', (frame, reply) => {
      log.push(`progress ${progressSchema.parse(frame).units}`)
      reply(ok)
    })
    socket.on('failed', (frame, reply) => {
      log.push(`failed ${failedSchema.parse(frame).reason}`)
      reply(ok)
    })
    socket.on('handback', (frame, reply) => {
      log.push('handback')
      release(handbackSchema.parse(frame).assignmentId)
      reply(ok)
    })
    socket.on('pause', (_, reply) => {
      log.push('pause')
      paused = true
      reply(ok)
    })
    socket.on('disconnect', () => {
      log.push('disconnect')
      sockets.delete(socket)
      for (const id of held.keys()) release(id)
    })
  }

  const http = createServer((request, response) => {
    const name = /^\/agent\/tables\/([0-9a-f]{64})$/.exec(request.url ?? '')?.[1]
    const words = [...tables].find(([of]) => of === name)?.[1]
    if (words) return void response.setHeader('content-type', 'application/octet-stream').end(wordsToBytes(words))
    if (options.serve) return options.serve(request, response)
    response.writeHead(404).end()
  })
  const io = socketServer(http)
  io.on('connection', serve)
  return {
    url: await listening(http),
    partials,
    log,
    expected: (shard) => artifact.reference(launch, range(shard)),
    complete,
    dropAll() {
      for (const socket of sockets) socket.disconnect(true)
    },
    close: () => io.close(),
  }
}

function socketServer(http: HttpServer): SocketServer {
  const { Server }: { Server: new (http: HttpServer, options: object) => SocketServer } = load('socket.io')
  return new Server(http, { transports: ['websocket'], serveClient: false, maxHttpBufferSize: 5_000_000 })
}

async function listening(http: HttpServer): Promise<string> {
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address: AddressInfo | string | null = http.address()
  if (address === null || typeof address === 'string') throw new Error('the test hub has no port')
  return `http://127.0.0.1:${address.port}`
}
