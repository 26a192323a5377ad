// A few worker threads and the tasks that wait for one.
import { Worker } from 'node:worker_threads'
import type { Task } from './case.ts'
import type { Computed } from './compute.ts'
import type { Texts, EngineKind } from './engine-kind.ts'

export interface ToThread {
  readonly kind: EngineKind
  readonly task: Task
}
export type FromThread = Computed | { readonly failed: string }

export interface Threads {
  readonly count: number
  /** In the order of asking; rejects with the thread's sentence. */
  compute(kind: EngineKind, task: Task): Promise<Computed>
  close(): Promise<void>
}

export function openThreads(count: number, texts: Texts): Threads {
  const start = (): Worker =>
    new Worker(new URL('thread.start.mjs', import.meta.url), { execArgv: [], workerData: texts })
  const workers = Array.from({ length: count }, start)
  const idle = [...workers]
  const waiting: ((worker: Worker) => void)[] = []
  const free = (worker: Worker): void => {
    const next = waiting.shift()
    if (next === undefined) idle.push(worker)
    else next(worker)
  }
  return {
    count,
    async compute(kind, task) {
      const worker = idle.pop() ?? (await new Promise<Worker>((resolve) => waiting.push(resolve)))
      try {
        const reply = await ask(worker, { kind, task })
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

function ask(worker: Worker, message: ToThread): Promise<FromThread> {
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
    worker.postMessage(message)
  })
}
