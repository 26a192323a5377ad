// The lock on a data directory, against the ways in which a lock file can lie: a dead holder, a pid that somebody else has
// by now, two who come at once. A real second process tries in store.pglite.test.ts.
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDirectory } from './directory-lock.ts'

const RANDOM = '0123456789abcdef'
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'forge-lock-'))
  await mkdir(path.join(folder, 'lock'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const holders = () => readdir(path.join(folder, 'lock'))
const leave = (name: string) => writeFile(path.join(folder, 'lock', name), '')

test('it is refused while it is held, and free after', async () => {
  const lock = await lockDirectory(folder)
  await expect(lockDirectory(folder)).rejects.toThrow(/in use by this very process/)
  await lock.release()
  await lock.release()
  const again = await lockDirectory(folder)
  await again.release()
  expect(await holders()).toEqual([])
})

test('what a dead process left is swept away', async () => {
  const dead = spawnSync(process.execPath, ['--version']).pid
  await leave(`${dead}-unknown-${RANDOM}`)
  const lock = await lockDirectory(folder)
  expect(await holders()).toHaveLength(1)
  await lock.release()
})

test.runIf(process.platform === 'linux')('a pid that another process has by now is no holder', async () => {
  await leave(`${process.pid}-longago-${RANDOM}`)
  const lock = await lockDirectory(folder)
  await lock.release()
})

test('a living process that cannot be told apart is believed', async () => {
  await leave(`${process.ppid}-unknown-${RANDOM}`)
  await expect(lockDirectory(folder)).rejects.toThrow(`another process (pid ${process.ppid})`)
})

test('of many who come at once at most one gets it', async () => {
  const got = await Promise.allSettled(Array.from({ length: 6 }, () => lockDirectory(folder)))
  const locks = got.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  expect(locks.length).toBeLessThanOrEqual(1)
  expect(await holders()).toHaveLength(locks.length)
  for (const lock of locks) await lock.release()
})
