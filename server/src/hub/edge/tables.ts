// Tables by content: compiled once in a thread of their own, kept in memory while they are in use and in the store for
// good, found by what they are compiled from and by their digest.
import type { Worker } from 'node:worker_threads'
import { typescriptThread } from '@forge/agent-node/typescript-thread.ts'
import { wordsToBytes } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { tableDigest, tableKey } from '@forge/shared/distributions/table.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { knownAnswerTables } from '@forge/shared/kernels/artifact.ts'
import type { TableSpec } from '@forge/shared/kernels/kernel.ts'
import type { Store } from '../../store/store.ts'

/** 64 KiB a severity table: 16 MiB of memory. */
const TABLES_KEPT = 256

export interface Table {
  readonly digest: Digest
  readonly words: Uint32Array
}

export interface Tables {
  compiled(spec: TableSpec): Promise<Table>
  bytes(digest: Digest): Promise<Uint8Array | null>
  close(): Promise<void>
}

/** Tables of the self-tests, ahead of the first agent. */
export function warmTables(tables: Tables, failed: (error: unknown) => void): void {
  for (const { spec } of knownAnswerTables(artifacts)) tables.compiled(spec).catch(failed)
}

export function createTables(store: Pick<Store, 'table' | 'tableByDigest' | 'putTable'>): Tables {
  const compiler = createCompiler()
  const byKey = new Map<string, Promise<Table>>()
  const byDigest = new Map<Digest, Uint32Array>()
  const making = new Set<Promise<Table>>()
  const remember = (table: Table): Table => {
    byDigest.delete(table.digest)
    byDigest.set(table.digest, table.words)
    for (const [oldest] of byDigest) {
      if (byDigest.size <= TABLES_KEPT) break
      byDigest.delete(oldest)
    }
    return table
  }
  const make = async (key: string, spec: TableSpec): Promise<Table> => {
    const stored = await store.table(key)
    if (stored !== null) return remember({ digest: tableDigest(stored), words: stored })
    const words = await compiler.compile(spec)
    const table = remember({ digest: tableDigest(words), words })
    await store.putTable(key, table.digest, words)
    return table
  }
  return {
    compiled(spec) {
      const key = tableKey(spec)
      const known = byKey.get(key)
      if (known !== undefined) return known
      const made = make(key, spec)
      byKey.set(key, made)
      making.add(made)
      // A failure is not remembered; and no more keys are kept than tables.
      made.catch(() => byKey.delete(key)).finally(() => making.delete(made))
      for (const [oldest] of byKey) {
        if (byKey.size <= TABLES_KEPT) break
        byKey.delete(oldest)
      }
      return made
    },
    async bytes(digest) {
      const known = async (): Promise<Uint32Array | null> => byDigest.get(digest) ?? (await store.tableByDigest(digest))
      let words = await known()
      // Agents know the digests of their self-tests by heart, and ask while a fresh server still compiles those tables.
      if (words === null && making.size > 0) {
        await Promise.allSettled(making)
        words = await known()
      }
      return words === null ? null : wordsToBytes(words)
    },
    close: () => compiler.close(),
  }
}

type Reply = { readonly number: number } & ({ readonly words: Uint32Array } | { readonly error: string })

function createCompiler(): { compile(spec: TableSpec): Promise<Uint32Array>; close(): Promise<void> } {
  const waiting = new Map<number, { resolve(words: Uint32Array): void; reject(error: Error): void }>()
  let worker: Promise<Worker> | null = null
  let closed = false
  let number = 0
  const lose = (error: Error): void => {
    worker = null
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  /** One that has died is replaced: a table that cannot be compiled must not keep the next from it. */
  const started = async (): Promise<Worker> => {
    const thread = await typescriptThread(new URL('table-worker.ts', import.meta.url))
    thread.on('message', (reply: Reply) => {
      const request = waiting.get(reply.number)
      waiting.delete(reply.number)
      if ('words' in reply) request?.resolve(reply.words)
      else request?.reject(new Error(`a table could not be compiled: ${reply.error}`))
    })
    thread.on('error', lose)
    thread.on('exit', () => lose(new Error('the table compiler has stopped')))
    // Idle, it keeps no process alive.
    thread.unref()
    return thread
  }
  return {
    compile(spec) {
      if (closed) return Promise.reject(new Error('the table compiler is closed'))
      worker ??= started()
      const starting = worker
      return new Promise((resolve, reject) => {
        const request = ++number
        waiting.set(request, { resolve, reject })
        starting.then((thread) => thread.postMessage({ number: request, spec }), lose)
      })
    },
    async close() {
      closed = true
      const thread = await worker?.catch(() => null)
      await thread?.terminate()
    },
  }
}
