// Processes that try mutants, each started again when its mutant has killed it.
import { fork, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Case } from '../conformance/case.ts'
import type { FromRunner, ToRunner } from './runner.ts'
import type { EngineToMutate, Outcome } from './subject.ts'

/** A process that waits for what never comes burns no CPU, and its watchdog sleeps. */
const ATTEMPT_MS_MAX = 1_800_000

export interface Pool {
  readonly size: number
  attempt(file: string, text: string): Promise<Outcome>
  close(): void
}

export function openPool(engine: EngineToMutate, cases: readonly Case[], size: number): Pool {
  const idle = Array.from({ length: size }, () => new Runner(engine, cases))
  const all = [...idle]
  const waiting: ((runner: Runner) => void)[] = []
  const free = (runner: Runner): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(runner)
    else next(runner)
  }
  return {
    size,
    async attempt(file, text) {
      const runner = idle.pop() ?? (await new Promise<Runner>((resolve) => waiting.push(resolve)))
      try {
        return await runner.attempt(file, text)
      } finally {
        free(runner)
      }
    },
    close: () => all.forEach((runner) => runner.close()),
  }
}

class Runner {
  readonly #engine: EngineToMutate
  readonly #cases: readonly Case[]
  #child: ChildProcess | undefined

  constructor(engine: EngineToMutate, cases: readonly Case[]) {
    this.#engine = engine
    this.#cases = cases
  }

  attempt(file: string, text: string): Promise<Outcome> {
    const child = (this.#child ??= this.#started())
    return new Promise((resolve, reject) => {
      const end = (finish: () => void): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        finish()
      }
      const killed = (by: 'timeout' | 'trap', what: string): void => {
        this.close()
        resolve({ kind: 'killed', by, what })
      }
      const timer = setTimeout(() => end(() => killed('timeout', 'nothing comes')), ATTEMPT_MS_MAX)
      child.on('message', (message: FromRunner) => {
        end(() => (message.kind === 'done' ? resolve(message.outcome) : reject(new Error(message.why))))
      })
      child.on('exit', (code, signal) => {
        const how = `the process ended by ${code ?? signal}`
        end(() => killed(signal === 'SIGALRM' ? 'timeout' : 'trap', how))
      })
      child.send({ kind: 'attempt', file, text } satisfies ToRunner)
    })
  }

  close(): void {
    this.#child?.removeAllListeners()
    this.#child?.kill('SIGKILL')
    this.#child = undefined
  }

  #started(): ChildProcess {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    const child = fork(fileURLToPath(new URL('./runner-process.ts', import.meta.url)), [], {
      execArgv: ['--import', tsx],
      serialization: 'advanced',
      // Dawn warns of drivers that it does not find, and of every mutant that does not compile.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child.send({ kind: 'prepare', engine: this.#engine, cases: this.#cases } satisfies ToRunner)
    return child
  }
}
