// Worker threads written in TypeScript.
import { Worker } from 'node:worker_threads'
import { typescriptBundle } from './typescript-bundle.ts'

/** Starts the program at `entry` in a thread that inherits no options of this one. Rejects where it cannot be bundled. */
export async function typescriptThread(entry: URL, workerData?: unknown): Promise<Worker> {
  return new Worker(await typescriptBundle(entry, 'cjs'), { eval: true, execArgv: [], workerData })
}
