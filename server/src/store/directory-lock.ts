// One process at a time on a data directory: two PGlites on one directory both acknowledge commits and lose rows without a
// word. A lock is a file named after its process, which only that process makes; so a dead one's file can be swept away
// by anybody without a race, and age plays no part. Processes that cannot see each other's pids (containers that share a
// volume) are beyond it.
import { randomBytes } from 'node:crypto'
import { open, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { STORE_LIMITS } from './limits.ts'
import { makeFolder, makeOwnFolder, usable } from './make-folder.ts'

/** Its message is for the operator. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse'
}

export interface DirectoryLock {
  release(): Promise<void>
}

/** Holder file: `<pid>-<its start>-<random>`; the start tells a process from a later one with the same pid. */
const HOLDER = /^(?<pid>\d+)-(?<start>[0-9a-z]+)-[0-9a-f]{16}$/
const UNKNOWN_START = 'unknown'

export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const folder = path.join(directory, 'lock')
  await makeFolder(directory)
  await makeOwnFolder(folder)
  const own = `${process.pid}-${(await processStart(process.pid)) ?? UNKNOWN_START}-${randomBytes(8).toString('hex')}`
  const file = path.join(folder, own)
  for (let attempt = 1; ; attempt++) {
    // Announce first, then look: of two that start together at least one sees the other. If both do, both stand back.
    await usable(directory, async () => (await open(file, 'wx')).close())
    const other = await livingOther(folder, own)
    if (other === null) return { release: () => rm(file, { force: true }) }
    await rm(file, { force: true })
    if (attempt === STORE_LIMITS.lockAttemptsMax) throw new DirectoryInUse(refusal(directory, path.join(folder, other)))
    await sleep(Math.random() * STORE_LIMITS.lockPauseMsMax)
  }
}

function refusal(directory: string, holder: string): string {
  const pid = Number(HOLDER.exec(path.basename(holder))?.groups?.['pid'])
  const who = pid === process.pid ? 'this very process' : `another process (pid ${pid})`
  return (
    `The data directory ${directory} is in use by ${who}. Two servers on one directory would lose data: stop the other, ` +
    `or name another directory in FORGE_DATA_DIR. (The lock is ${holder}.)`
  )
}

async function livingOther(folder: string, own: string): Promise<string | null> {
  for (const name of await readdir(folder)) {
    const holder = HOLDER.exec(name)?.groups
    if (name === own || holder === undefined) continue
    if (await lives(Number(holder['pid']), holder['start'] ?? UNKNOWN_START)) return name
    await rm(path.join(folder, name), { force: true })
  }
  return null
}

async function lives(pid: number, start: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const now = await processStart(pid)
  if (now === GONE) return false
  return now === null || start === UNKNOWN_START || now === start
}

const GONE = 'gone'

/** Boot and clock ticks since then, from /proc; null where there is none. A zombie counts as gone. */
async function processStart(pid: number): Promise<string | null> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold spaces; after it come the state (field 3) and, as field 22, the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return GONE
    return `${boot.slice(0, 8)}${fields[19] ?? ''}`
  } catch {
    return null
  }
}
