// The thread that compiles tables: BigInt work of up to a third of a second that must not hold up the server's loop.
import { parentPort } from 'node:worker_threads'
import { compileTable } from '@forge/shared/distributions/table.ts'
import type { TableSpec } from '@forge/shared/kernels/kernel.ts'

interface Request {
  readonly number: number
  readonly spec: TableSpec
}

parentPort?.on('message', ({ number, spec }: Request) => {
  try {
    parentPort?.postMessage({ number, words: compileTable(spec).words })
  } catch (error) {
    parentPort?.postMessage({ number, error: error instanceof Error ? error.message : String(error) })
  }
})
