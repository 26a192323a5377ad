// Contracts simulated side by side, each whole in one of a few threads: what takes the time is one core's work, and the
// thread of the tests has the oracle to compute meanwhile.
import { Worker } from 'node:worker_threads'
import type { ProfileName } from './profile.ts'
import type { ExactLoss } from './simulate.case.ts'

export interface ToThread {
  readonly args: object
  readonly rootSeed: string
}

export interface SimulatedAside {
  readonly loss: ExactLoss
  readonly profile: ProfileName
  readonly seconds: number
}
export type FromThread = SimulatedAside | { readonly failed: string }

export interface Threads {
  /** In the order of asking; rejects with the thread's sentence. */
  simulate(task: ToThread): Promise<SimulatedAside>
  close(): Promise<void>
}

export function openThreads(count: number): Threads {
  const start = (): Worker => new Worker(new URL('oracle.start.mjs', import.meta.url), { execArgv: [] })
  const workers = Array.from({ length: count }, start)
  const idle = [...workers]
  const waiting: ((worker: Worker) => void)[] = []
  const free = (worker: Worker): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(worker)
    else next(worker)
  }
  return {
    async simulate(task) {
      const worker = idle.pop() ?? (await new Promise<Worker>((resolve) => waiting.push(resolve)))
      try {
        const reply = await ask(worker, task)
        if ('failed' in reply) throw new Error(reply.failed)
        return reply
      } finally {
        free(worker)
      }
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function ask(worker: Worker, task: ToThread): Promise<FromThread> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      worker.off('message', heard)
      worker.off('error', broke)
    }
    const heard = (reply: FromThread): void => {
      done()
      resolve(reply)
    }
    const broke = (error: Error): void => {
      done()
      reject(error)
    }
    worker.on('message', heard)
    worker.on('error', broke)
    worker.postMessage(task)
  })
}
