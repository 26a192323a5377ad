// Calls that wait for a job's end. A job is unfinished here from its registration until its end is durable.
import type { JobId } from '@forge/shared/contract/ids.ts'

export interface Waiters {
  readonly unfinished: Set<JobId>
  /** Resolves at the end, after `waitMs`, or when `signal` aborts. */
  wait(id: JobId, waitMs: number, signal?: AbortSignal): Promise<void>
  release(id: JobId): void
  releaseAll(): void
}

export function createWaiters(): Waiters {
  const unfinished = new Set<JobId>()
  const waiting = new Map<JobId, Set<() => void>>()
  const release = (id: JobId): void => {
    unfinished.delete(id)
    for (const wake of waiting.get(id) ?? []) wake()
  }
  return {
    unfinished,
    wait(id, waitMs, signal) {
      if (signal?.aborted === true) return Promise.resolve()
      return new Promise((resolve) => {
        const wakers = waiting.get(id) ?? new Set()
        const wake = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', wake)
          wakers.delete(wake)
          if (wakers.size === 0) waiting.delete(id)
          resolve()
        }
        const timer = setTimeout(wake, waitMs)
        signal?.addEventListener('abort', wake, { once: true })
        wakers.add(wake)
        waiting.set(id, wakers)
      })
    },
    release,
    releaseAll() {
      for (const id of waiting.keys()) release(id)
    },
  }
}
