// The server and the Node agent as a person starts them: processes of their own, spoken to by environment, command line
// and signals alone. What they print is kept for the test that fails.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { API_KEY } from './client.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

export interface Running {
  readonly pid: number
  readonly said: readonly string[]
  signal(name: NodeJS.Signals): void
  /** Its exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>
}

export interface RunningPool extends Running {
  readonly url: string
}

export interface StartingPool extends Running {
  /** Its address, once it listens; rejects, with all it said, when it ends before that. */
  readonly listening: Promise<string>
}

/** `port` 0: any free one. Resolves once it listens. */
export async function startServerProcess(
  settings: Readonly<Record<string, string>>,
  port = 0,
): Promise<RunningPool & { readonly port: number }> {
  const starting = launchServerProcess(settings, port)
  const url = await starting.listening
  return { ...starting, url, port: Number(new URL(url).port) }
}

/** Returns at once, for those who want to see what becomes of a server that is still starting. */
export function launchServerProcess(settings: Readonly<Record<string, string>>, port: number): StartingPool {
  let tell: (url: string) => void = () => undefined
  const running = start(
    'server/src/main.ts',
    [],
    { PORT: String(port), FORGE_API_KEY: API_KEY, FORGE_LOG_LEVEL: 'info', ...settings },
    (said) => {
      const url = said.join('').match(/"url":"(http:[^"]+)","msg":"listening"/)?.[1]
      if (url !== undefined) tell(url)
      return url !== undefined
    },
  )
  const listening = new Promise<string>((resolve, reject) => {
    tell = resolve
    void running.exit.then((how) => reject(new Error(`ended (${how}) before it listened: ${running.said.join('')}`)))
  })
  // Whoever kills it while it starts does not ask for its address.
  listening.catch(() => undefined)
  return { ...running, listening }
}

export const startAgentProcess = (url: string, ...options: readonly string[]): Running =>
  start('agent-node/src/main.ts', ['--url', url, '--ephemeral', ...options], {})

/** `hear` is told of every chunk until it has heard enough. */
function start(
  script: string,
  options: readonly string[],
  settings: Readonly<Record<string, string>>,
  hear: (said: readonly string[]) => boolean = () => true,
): Running {
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
  let heard = false
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said.push(chunk.toString())
      heard ||= hear(said)
    })
  }
  // Whatever becomes of the test, the process goes with it.
  const clearUp = (): void => void child.kill('SIGKILL')
  process.once('exit', clearUp)
  const exit = once(child, 'exit').then(([code, signal]: (number | NodeJS.Signals | null)[]) => {
    process.off('exit', clearUp)
    return code ?? signal ?? null
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${script} could not be started`)
  return { pid, said, signal: (name) => void child.kill(name), exit }
}
