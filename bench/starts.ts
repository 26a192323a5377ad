// How long one waits before anything runs: a server on an empty store and on its own, and the whole of `pnpm demo` on a
// machine that has everything and on one that has only downloaded it.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { repeated, section, timed, type Section } from './figures.ts'
import { openServer, until, withFolder } from './pool.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export async function measureServer(runs: number): Promise<Section> {
  const found = await repeated(runs, () =>
    withFolder(async (folder) => {
      const data = path.join(folder, 'data')
      return { cold: await startOnce(data), warm: await startOnce(data) }
    }),
  )
  return section('Server start, embedded store, code loaded', [
    { what: 'on an empty folder, until it listens', unit: 'ms', samples: found.map(({ cold }) => cold.listens) },
    { what: 'on its own folder, until it listens', unit: 'ms', samples: found.map(({ warm }) => warm.listens) },
    {
      what: 'on its own folder, until the referee is ready',
      unit: 'ms',
      samples: found.map(({ warm }) => warm.referee),
    },
  ])
}

async function startOnce(dataDir: string): Promise<{ listens: number; referee: number }> {
  const started = performance.now()
  const server = await openServer(dataDir)
  try {
    const listens = performance.now() - started
    await until('the referee', () => server.hub.refereeOnline)
    return { listens, referee: performance.now() - started }
  } finally {
    await server.close()
  }
}

/**
 * What `pnpm demo` runs, without the package manager's own start. Cold: neither Chromium nor compiled sources lie in a
 * cache; files that the system holds in memory stay there.
 */
export async function measureDemo(runs: number): Promise<Section> {
  const demo = (env: Readonly<Record<string, string>> = {}): Promise<number> =>
    timed(async () => {
      await run(path.join(ROOT, 'agent-web'), ['../node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'])
      await run(ROOT, ['--import', 'tsx', 'scripts/demo.ts'], env)
    })
  const warm = await repeated(runs, () => demo())
  const cold = await withFolder((folder) => demo({ HOME: folder, TMPDIR: folder }))
  return section('The demo with its build, from start to end', [
    { what: 'warm', unit: 'ms', samples: warm, target: 10_000 },
    { what: 'cold, after the downloads', unit: 'ms', samples: [cold], target: 60_000 },
  ])
}

function run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: 'ignore', env: { ...process.env, ...env } })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}`))))
  })
}
