// A billion years with their exact distribution, on one tab with a worker a core: what the tab and the server hold at
// most, and what goes over the wire. Server and browser are processes of their own, looked at from outside.
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo, type Server } from 'node:net'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { section, type Section } from './figures.ts'
import { BENCH_KEY, readyTab, runFounding, runLong, until, withFolder } from './pool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const YEARS = 1_000_000_000
const LOOK_MS = 250
const MIB = 2 ** 20
const TARGETS = { tab: 200, server: 150, bytes: 50 }

export function measureLarge(browser: Browser, years = YEARS): Promise<Section> {
  return withFolder(async (folder) => {
    const server = await startServer(folder)
    const wire = await startWire(server.port)
    const tab = await readyTab(browser, `http://127.0.0.1:${wire.port}`, cpus().length)
    const changes = (iterations: number) => ({
      policy: { verify: 'none', timeout_ms: 600_000 },
      args: { iterations, quantiles: true },
    })
    try {
      // Code is loaded and tables are compiled: what then comes is the job's.
      await runFounding(server.url, changes(1_000_000))
      const idle = { server: rss(server.process), renderer: greatestRenderer() }
      const before = wire.bytes()
      const most = watch(() => ({ server: rss(server.process), renderer: greatestRenderer() }))
      const { endToEndMs, metrics } = await runLong(server.url, changes(years))
      const { server: serverMost, renderer } = most.stop()
      return section(
        `${years.toLocaleString('en')} years with exact quantiles, verify none, one tab of ${cpus().length} WASM workers`,
        [
          { what: 'the tab’s process at most', unit: 'MiB', samples: [renderer / MIB], target: TARGETS.tab },
          {
            what: 'growth of the server over idle',
            unit: 'MiB',
            samples: [(serverMost - idle.server) / MIB],
            target: TARGETS.server,
          },
          {
            what: 'bytes from the agent to the Hub',
            unit: 'MiB',
            samples: [(wire.bytes() - before) / MIB],
            target: TARGETS.bytes,
          },
          { what: 'end to end', unit: 'ms', samples: [endToEndMs] },
        ],
        [
          `${metrics.shards} shards; the server idle ${Math.round(idle.server / MIB)} MiB, the tab ${Math.round(idle.renderer / MIB)} MiB`,
        ],
      )
    } finally {
      await tab.close()
      wire.close()
      server.process.kill('SIGKILL')
    }
  })
}

async function startServer(dataDir: string): Promise<{ process: ChildProcess; url: string; port: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'server/src/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', FORGE_DATA_DIR: dataDir, FORGE_API_KEY: BENCH_KEY, FORGE_LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until('the server', () => /"url":"http:[^"]+","msg":"listening"/.test(said))
  const url = said.match(/"url":"(http:[^"]+)","msg":"listening"/)?.[1] ?? ''
  return { process: child, url, port: Number(new URL(url).port) }
}

/** Between the tab and the server: counts what the tab sends. */
async function startWire(port: number): Promise<{ port: number; bytes(): number; close(): void }> {
  let bytes = 0
  const wire: Server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1')
    socket.on('data', (chunk) => (bytes += chunk.length))
    socket.pipe(upstream).pipe(socket)
    for (const [end, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      end.on('error', () => other.destroy())
  })
  await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve))
  const { port: listening } = wire.address() as AddressInfo
  return { port: listening, bytes: () => bytes, close: () => void wire.close() }
}

type Looked = Record<'server' | 'renderer', number>

function watch(look: () => Looked): { stop(): Looked } {
  const most: Looked = { server: 0, renderer: 0 }
  const timer = setInterval(() => {
    const seen = look()
    most.server = Math.max(most.server, seen.server)
    most.renderer = Math.max(most.renderer, seen.renderer)
  }, LOOK_MS)
  return {
    stop() {
      clearInterval(timer)
      return most
    },
  }
}

const rss = ({ pid }: ChildProcess): number => statusKib(pid ?? 0, 'VmRSS') * 1024

/** The greatest of Chromium's page processes, by what is its own: the pages it shares with others are not the tab's. */
function greatestRenderer(): number {
  const own = processes()
    .filter(({ command }) => command.includes('--type=renderer'))
    .map(({ pid }) => privateKib(pid) * 1024)
  return Math.max(0, ...own)
}

function processes(): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: readIfThere(`/proc/${name}/cmdline`) }))
}

const statusKib = (pid: number, name: string): number =>
  Number(readIfThere(`/proc/${pid}/status`).match(new RegExp(`${name}:\\s+(\\d+) kB`))?.[1] ?? 0)

function privateKib(pid: number): number {
  const rollup = readIfThere(`/proc/${pid}/smaps_rollup`)
  return [...rollup.matchAll(/Private_(?:Clean|Dirty):\s+(\d+) kB/g)].reduce((sum, [, kib]) => sum + Number(kib), 0)
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
