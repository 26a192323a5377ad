// The entry of a runner's process; pool.ts starts it. It ends by SIGALRM when its mutant seems to have no end.
import { Worker } from 'node:worker_threads'
import { subjectOf, type FromRunner, type ToRunner } from './runner.ts'
import type { EngineToMutate, Subject } from './subject.ts'

/** Of one step, a compilation or one case, in milliseconds of all threads' CPU time: at least twice the longest, the compiler's first. */
const STEP_CPU_MS_MAX: Readonly<Record<EngineToMutate, number>> = {
  wasm: 10_000,
  'wasm-simd': 10_000,
  reference: 10_000,
  webgpu: 40_000,
}

const send = (message: FromRunner): void => void process.send?.(message)
const steps = new Int32Array(new SharedArrayBuffer(4))
const step = (): void => void Atomics.add(steps, 0, 1)
let subject: Subject | undefined

process.on('message', (message: ToRunner) => {
  if (message.kind === 'prepare') {
    const workerData = { steps, cpuMsMax: STEP_CPU_MS_MAX[message.engine] }
    new Worker(new URL('./watchdog.mjs', import.meta.url), { execArgv: [], workerData }).unref()
    subject = subjectOf(message.engine, message.cases)
    return
  }
  if (subject === undefined) throw new Error('a runner is prepared first')
  step()
  subject.attempt(message.file, message.text, step).then(
    (outcome) => send({ kind: 'done', outcome }),
    (error: unknown) => send({ kind: 'failed', why: error instanceof Error ? (error.stack ?? '') : String(error) }),
  )
})
