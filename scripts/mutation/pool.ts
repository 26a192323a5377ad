// Two processes that try mutants, started again when one is killed because its mutant never ends.
import { fork, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Case } from '../conformance/case.ts'
import type { FromRunner, ToRunner } from './runner.ts'
import type { EngineToMutate, Outcome } from './subject.ts'

/** A process starts, which takes seconds where others work too. */
const FIRST_STEP_MS_MAX = 120_000
/**
 * A step is a compilation or one case. How long an honest one takes depends on the engine and on who else uses the machine,
 * so it is measured, first of all with the right program.
 */
const stepMsMax = (longestMs: number): number => 10_000 + 4 * longestMs

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
  #isFresh = true
  #longestMs = 0

  constructor(engine: EngineToMutate, cases: readonly Case[]) {
    this.#engine = engine
    this.#cases = cases
  }

  attempt(file: string, text: string): Promise<Outcome> {
    const child = (this.#child ??= this.#started())
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      const end = (finish: () => void): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        finish()
      }
      const gone = (): void => {
        child.kill('SIGKILL')
        this.#child = undefined
        this.#isFresh = true
      }
      const killed = (by: 'timeout' | 'trap', what: string): void => {
        gone()
        resolve({ kind: 'killed', by, what })
      }
      let began = performance.now()
      const wait = (): void => {
        clearTimeout(timer)
        const ms = this.#isFresh ? FIRST_STEP_MS_MAX : stepMsMax(this.#longestMs)
        timer = setTimeout(() => end(() => killed('timeout', `a step takes more than ${(ms / 1000).toFixed(0)} s`)), ms)
      }
      const stepped = (): void => {
        if (!this.#isFresh) this.#longestMs = Math.max(this.#longestMs, performance.now() - began)
        this.#isFresh = false
        began = performance.now()
      }
      wait()
      child.on('message', (message: FromRunner) => {
        stepped()
        if (message.kind === 'alive') return wait()
        end(() => (message.kind === 'done' ? resolve(message.outcome) : reject(new Error(message.why))))
      })
      child.on('exit', (code, signal) => end(() => killed('trap', `the process ended with ${code ?? signal}`)))
      child.send({ kind: 'attempt', file, text } satisfies ToRunner)
    })
  }

  close(): void {
    this.#child?.removeAllListeners()
    this.#child?.kill('SIGKILL')
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
