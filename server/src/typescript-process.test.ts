// A process's program in TypeScript: it has its arguments, a channel and its own address, and what it cannot be made of is said.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
