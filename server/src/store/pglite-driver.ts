// PGlite as a driver: one connection in a worker thread and one queue before it. A transaction holds the queue from begin
// to commit; whatever else comes meanwhile waits its turn.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Driver, Query } from './engine.ts'
import { makeOwnFolder } from './make-folder.ts'
import type { Opening, Reply, Request } from './pglite-messages.ts'
import { packed } from './pglite-packed.mjs'
import { queue, transaction } from './transaction.ts'

/** The directory must be held by a lock: PGlite itself would let two processes ruin it. */
export async function openPglite(directory: string): Promise<Driver> {
  await makeOwnFolder(directory)
  const { ask, ended } = await startWorker(directory)
  const inTurn = queue()
  const query: Query = (text, params) => ask({ kind: 'query', text, params })

  return {
    query: (text, params) => inTurn(() => query(text, params)),
    lanes: 1,
    begin: (work) => inTurn(() => transaction(query, work)),
    session: () => ({ query: (text, params) => inTurn(() => query(text, params)), close: () => Promise.resolve() }),
    async close() {
      await inTurn(() => ask({ kind: 'close' }))
      await ended
    },
  }
}

type Asked = { kind: 'query'; text: string; params: readonly unknown[] } | { kind: 'close' }
type Waiting = { readonly resolve: (rows: unknown[][]) => void; readonly reject: (error: Error) => void }

/** Node's types do not declare it, nor its module. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<Opening['pgliteWasmModule']> }

let compiling: Promise<Opening['pgliteWasmModule']> | null = null

/** Compiled once a process and shared by its threads, with what the engine has made faster of it: a second of work each. */
function pgliteModule(): Promise<Opening['pgliteWasmModule']> {
  compiling ??= compiled().catch((error: unknown) => {
    compiling = null
    throw error
  })
  return compiling
}

async function compiled(): Promise<Opening['pgliteWasmModule']> {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  return WebAssembly.compile(await readFile(path.join(path.dirname(entry), 'pglite.wasm')))
}

async function startWorker(directory: string) {
  const waiting = new Map<number, Waiting>()
  const entry = new URL('./pglite-worker.mjs', import.meta.url)
  const worker = new Worker(entry, {
    execArgv: [],
    workerData: { directory, pgliteWasmModule: await pgliteModule() } satisfies Opening,
  })
  let lost: Error | null = null
  let nextId = 0
  const reply = (id: number) =>
    new Promise<unknown[][]>((resolve, reject) => {
      if (lost !== null) reject(lost)
      else waiting.set(id, { resolve, reject })
    })
  const lose = (error: Error) => {
    lost ??= error
    for (const { reject } of waiting.values()) reject(lost)
    waiting.clear()
  }
  worker.on('message', (message: Reply) => {
    const caller = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.ok) caller?.resolve(message.rows)
    else caller?.reject(Object.assign(new Error(message.message), { code: message.code }))
  })
  worker.on('error', (error) => lose(new Error('the database thread failed', { cause: error })))
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      lose(new Error('the database thread has ended'))
      resolve()
    })
  })
  await reply(nextId++)

  const ask = (asked: Asked): Promise<unknown[][]> => {
    const id = nextId++
    const answer = reply(id)
    if (asked.kind === 'close') send({ id, kind: 'close' }, [])
    else {
      const { values, buffers } = packed(asked.params)
      send({ id, kind: 'query', text: asked.text, params: values }, buffers)
    }
    return answer
  }
  const send = (request: Request, buffers: ArrayBuffer[]) => worker.postMessage(request, buffers)
  return { ask, ended }
}
