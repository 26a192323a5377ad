// A process's program in TypeScript: it has its arguments, a channel and its own address, and what it cannot be made of is said.
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { typescriptBundle } from '@forge/agent-node/typescript-bundle.ts'
import { typescriptProcess } from './typescript-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forge-process-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const PROGRAM = `const twice = (n: number): number => 2 * n
const [, , number] = process.argv
const secrets = Object.keys(process.env).filter((name) => name.startsWith('FORGE_'))
process.send?.({ twice: twice(Number(number)), at: import.meta.url, secrets }, () => process.exit(7))`

test('runs with what it was given and nothing else, and ends with its code', async () => {
  const entry = pathToFileURL(path.join(folder, 'program.ts'))
  const options = { env: { FORGE_ONE: '1' }, stdout: 'ignore', stderr: 'inherit' } as const
  await expect(typescriptProcess(entry, ['21'], options)).rejects.toThrow('program.ts')
  await writeFile(entry, PROGRAM)
  const child = await typescriptProcess(entry, ['21'], options)
  const [[said], [code]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
  expect(said).toEqual({ twice: 42, at: entry.href, secrets: ['FORGE_ONE'] })
  expect(code).toBe(7)
})

test('a process that the system does not start is an error of the call, and no end of this process', async () => {
  const entry = pathToFileURL(path.join(folder, 'started.ts'))
  await writeFile(entry, PROGRAM)
  const options = { stdout: 'ignore', stderr: 'inherit' } as const
  const node = process.execPath
  process.execPath = path.join(folder, 'no-node')
  onTestFinished(() => void (process.execPath = node))
  await expect(typescriptProcess(entry, ['1'], options)).rejects.toThrow('ENOENT')
})

/** Of this process, by number. */
async function bundlers(): Promise<number[]> {
  const stats = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const isOwn = async (pid: string): Promise<boolean> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== process.pid) return false
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('--service=')
  }
  const own = await Promise.all(stats.map(isOwn))
  return stats.filter((_, n) => own[n]).map(Number)
}

test.runIf(process.platform === 'linux')('after the bundler’s process has died, programs are bundled on', async () => {
  const entries = await Promise.all(
    ['before', 'two', 'at once'].map(async (name) => {
      const entry = pathToFileURL(path.join(folder, `${name}.ts`))
      await writeFile(entry, `export const name: string = '${name}'`)
      return entry
    }),
  )
  const [before, ...after] = entries
  if (before === undefined) throw new Error('no program was written')
  expect(await typescriptBundle(before, 'esm')).toContain('before')
  const pids = await bundlers()
  expect(pids).toHaveLength(1)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await vi.waitFor(async () => expect(await bundlers()).toEqual([]))
  const [two, atOnce] = await Promise.all(after.map((entry) => typescriptBundle(entry, 'esm')))
  expect([two, atOnce]).toEqual([expect.stringContaining('two'), expect.stringContaining('at once')])
})

const THREAD = fileURLToPath(import.meta.resolve('@forge/agent-node/typescript-thread.ts'))
const PARENT = `import { typescriptThread } from '${THREAD}'
const thread = await typescriptThread(new URL('thread.ts', import.meta.url), 21)
thread.once('message', (said) => process.send?.(said, () => process.exit(0)))`
const THREAD_PROGRAM = `import { parentPort, workerData } from 'node:worker_threads'
parentPort?.postMessage({ twice: 2 * workerData, at: import.meta.url })`

test('a program that was bundled starts threads that are', async () => {
  const [parent, thread] = ['parent.ts', 'thread.ts'].map((name) => pathToFileURL(path.join(folder, name)))
  if (parent === undefined || thread === undefined) throw new Error('no program was written')
  await Promise.all([writeFile(parent, PARENT), writeFile(thread, THREAD_PROGRAM)])
  const child = await typescriptProcess(parent, [], { stdout: 'ignore', stderr: 'inherit' })
  const [[said]] = await Promise.all([once(child, 'message'), once(child, 'exit')])
  expect(said).toEqual({ twice: 42, at: thread.href })
})
