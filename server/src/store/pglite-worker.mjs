// PGlite in a thread of its own, so that a commit never holds up a heartbeat. It runs statements in the order in which
// they come; queueing and transactions are the driver's business on the other side. It is plain JavaScript because a fresh
// thread knows no TypeScript, and teaching it takes longer than opening the database.
// @ts-check
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, types } from '@electric-sql/pglite'
import { packed } from './pglite-packed.mjs'

/** @import { Opening, Reply, Request } from './pglite-messages.ts' */

const port = parentPort
if (port === null) throw new Error('pglite-worker.mjs is started by the PGlite driver, as a worker')

/** @type {(reply: Reply, buffers?: ArrayBuffer[]) => void} */
const say = (reply, buffers = []) => port.postMessage(reply, buffers)
/** @type {(id: number, error: unknown) => void} */
const fail = (id, error) => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  say({ id, ok: false, message: error instanceof Error ? error.message : String(error), code })
}

try {
  /** @type {Opening} */
  const { directory, pgliteWasmModule } = workerData
  const db = await PGlite.create(directory, {
    pgliteWasmModule,
    parsers: { [types.BYTEA]: fromHex },
    serializers: { [types.BYTEA]: toHex },
  })
  port.on('message', (/** @type {Request} */ request) => {
    answer(db, request).catch((/** @type {unknown} */ error) => fail(request.id, error))
  })
  say({ id: 0, ok: true, rows: [] })
} catch (error) {
  fail(0, error)
}

/** @type {(db: PGlite, request: Request) => Promise<void>} */
async function answer(db, request) {
  if (request.kind === 'close') {
    await db.close()
    say({ id: request.id, ok: true, rows: [] })
    port?.close()
    return
  }
  /** @type {{ rows: unknown[][] }} */
  const { rows } = await db.query(request.text, [...request.params], { rowMode: 'array' })
  const all = rows.map(packed)
  say(
    { id: request.id, ok: true, rows: all.map((row) => row.values) },
    all.flatMap((row) => row.buffers),
  )
}

// PGlite's own go byte by byte through arrays and strings, and take a second for 5,000 partials.
/** @type {(text: string) => Uint8Array} */
function fromHex(text) {
  return Uint8Array.from(Buffer.from(text.slice('\\x'.length), 'hex'))
}

/** @type {(bytes: Uint8Array) => string} */
function toHex(bytes) {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}
