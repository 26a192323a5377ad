// PGlite in a thread of its own, so that a commit never holds up a heartbeat. It runs statements in the order in which
// they come; queueing and transactions are the driver's business on the other side.
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, types } from '@electric-sql/pglite'
import { packed, type Reply, type Request } from './pglite-messages.ts'

const port = parentPort
if (port === null) throw new Error('pglite-worker.ts is started by the PGlite driver, as a worker')
const say = (reply: Reply, buffers: ArrayBuffer[] = []) => port.postMessage(reply, buffers)
const fail = (id: number, error: unknown) => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  say({ id, ok: false, message: error instanceof Error ? error.message : String(error), code })
}

try {
  const db = await PGlite.create(String(workerData), {
    parsers: { [types.BYTEA]: fromHex },
    serializers: { [types.BYTEA]: toHex },
  })
  port.on('message', (request: Request) => {
    answer(db, request).catch((error: unknown) => fail(request.id, error))
  })
  say({ id: 0, ok: true, rows: [] })
} catch (error) {
  fail(0, error)
}

async function answer(db: PGlite, request: Request): Promise<void> {
  if (request.kind === 'close') {
    await db.close()
    say({ id: request.id, ok: true, rows: [] })
    port?.close()
    return
  }
  const { rows } = await db.query<unknown[]>(request.text, [...request.params], { rowMode: 'array' })
  const all = rows.map(packed)
  say(
    { id: request.id, ok: true, rows: all.map((row) => row.values) },
    all.flatMap((row) => row.buffers),
  )
}

// PGlite's own go byte by byte through arrays and strings, and take a second for 5,000 partials.
function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice('\\x'.length), 'hex'))
}

function toHex(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}
