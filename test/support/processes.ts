// The server and the Node agent as a person starts them: processes of their own, spoken to by environment, command line
// and signals alone. What they print is kept for the test that fails.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { eventually } from './eventually.ts'
import { API_KEY } from './client.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

export interface Running {
  readonly said: readonly string[]
  signal(name: NodeJS.Signals): void
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>
}

export interface RunningPool extends Running {
  readonly url: string
}

/** `port` 0: any free one. Resolves once it listens. */
export async function startServerProcess(
  settings: Readonly<Record<string, string>>,
  port = 0,
): Promise<RunningPool & { readonly port: number }> {
  const running = start('server/src/main.ts', [], {
    PORT: String(port),
    FORGE_API_KEY: API_KEY,
    FORGE_LOG_LEVEL: 'info',
    ...settings,
  })
  const url = await eventually(
    'the server’s address',
    () => running.said.join('').match(/"url":"(http:[^"]+)","msg":"listening"/)?.[1] ?? running.said.join(''),
    (found) => found.startsWith('http:'),
  )
  return { ...running, url, port: Number(new URL(url).port) }
}

export const startAgentProcess = (url: string, ...options: readonly string[]): Running =>
  start('agent-node/src/main.ts', ['--url', url, '--ephemeral', ...options], {})

function start(script: string, options: readonly string[], settings: Readonly<Record<string, string>>): Running {
  const child: ChildProcess = spawn(process.execPath, ['--import', TSX, script, ...options], {
    cwd: ROOT,
    // A FORGE_ name of the test run means nothing to a server.
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('FORGE_'))),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  // Whatever becomes of the test, the process goes with it.
  const clearUp = (): void => void child.kill('SIGKILL')
  process.once('exit', clearUp)
  const exit = once(child, 'exit').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    process.off('exit', clearUp)
    return code ?? signal ?? null
  })
  return { said, signal: (name) => void child.kill(name), exit }
}
