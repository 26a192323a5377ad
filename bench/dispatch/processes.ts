// The processes beside the load generator: the server as it is started in production, a bare socket.io server, PostgreSQL.
// What they use of processor and memory is read from outside, in /proc.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startPostgres } from '../../scripts/machine/postgres.ts'
import { BENCH_KEY, until } from '../pool.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const KERNEL = fileURLToPath(new URL('no-op-kernel.start.mjs', import.meta.url))
const MIB = 2 ** 20
const PATIENCE_MS = 60_000
/** Of the kernel's clock, which /proc counts in, on every Linux. */
const TICKS_PER_SECOND = 100

export interface Server {
  readonly url: string
  readonly pid: number
  close(): Promise<void>
}

interface PoolOptions {
  /** Where the server leaves its CPU profile. */
  readonly profileFolder?: string | undefined
  /** Settings of the server beside those that every benchmark has. */
  readonly env?: Readonly<Record<string, string>>
}

/** The server with the no-op kernel on a PostgreSQL of its own whose commits wait for the disk. */
export async function startPool({ profileFolder, env = {} }: PoolOptions = {}): Promise<Server> {
  const postgres = await startPostgres({ fsync: true })
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const server = await started([...profile, '--import', 'tsx', '--import', KERNEL, 'server/src/main.ts'], {
    PORT: '0',
    DATABASE_URL: postgres.url,
    FORGE_API_KEY: BENCH_KEY,
    FORGE_REFEREE: 'off',
    FORGE_LOG_LEVEL: 'info',
    ...env,
  })
  return {
    ...server,
    async close() {
      await server.close()
      await postgres.stop()
    },
  }
}

/** What a benchmark measures itself against, in a process of its own. */
export const startBare = (script: 'bench/dispatch.ts' | 'bench/api.ts'): Promise<Server> =>
  started(['--import', 'tsx', script, '--bare-server'], {})

async function started(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Server> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await listening(child)
  return {
    url,
    pid: child.pid ?? 0,
    async close() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      // One that does not keep up with its agents does not hear of it either.
      const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
      await gone
      clearTimeout(impatience)
    },
  }
}

async function listening(child: ChildProcess): Promise<string> {
  let said = ''
  let url: string | undefined
  child.stdout?.on('data', (chunk: Buffer) => {
    if (url !== undefined) return
    said += chunk.toString()
    url = said.match(/"url":"(http:[^"]+)","msg":"listening"/)?.[1]
  })
  await until('the server', () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said}`)
    return url !== undefined
  })
  return url ?? ''
}

/** Seconds of processor time since the start. */
export function cpuSeconds(pid: number): number {
  // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Of all processes of PostgreSQL below this one. */
export function postgresCpuSeconds(): number {
  const children = (pid: number | string): string[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  const ours = children(process.pid).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres')
  return ours.flatMap((pid) => [pid, ...children(pid)]).reduce((sum, pid) => sum + cpuSeconds(Number(pid)), 0)
}

export interface Memory {
  readonly now: number
  /** Since the start. */
  readonly most: number
}

/** Resident, in MiB. */
export function memory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const of = (name: string): number => (Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))?.[1]) * 1024) / MIB
  return { now: of('VmRSS'), most: of('VmHWM') }
}
