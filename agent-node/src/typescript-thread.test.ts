// A thread's program in TypeScript: it runs, what it cannot be made of is said, and a failure is not kept.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { typescriptThread } from './typescript-thread.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forge-thread-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const PROGRAM = `import { parentPort, workerData } from 'node:worker_threads'
const twice = (n: number): number => 2 * n
parentPort?.postMessage(twice(workerData as number))`

it('runs with what it was given, and one that could not be bundled is tried anew', async () => {
  const entry = pathToFileURL(path.join(folder, 'program.ts'))
  await expect(typescriptThread(entry, 21)).rejects.toThrow('program.ts')
  await writeFile(entry, PROGRAM)
  const thread = await typescriptThread(entry, 21)
  expect(await once(thread, 'message')).toEqual([42])
  await thread.terminate()
})
