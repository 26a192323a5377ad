// Changes of unfinished jobs' rows, each written behind the one before it. A beginning is held back for some milliseconds: a
// job of few shards has ended by then, and its end writes its beginning along, which saves a transaction in its way.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { JobBeginning } from '../../store/store.ts'
import { BEGINNING_HELD_MS } from './limits.ts'

type Write = () => Promise<unknown>

interface Held {
  readonly beginning: JobBeginning
  settle(isToBeWritten: boolean): void
}

export class JobChanges {
  /** The last one of each job. */
  readonly #last = new Map<JobId, Promise<unknown>>()
  readonly #held = new Map<JobId, Held>()

  /** Resolves when it is written. A beginning before it is not held back any longer. */
  async next(id: JobId, write: Write): Promise<void> {
    this.#held.get(id)?.settle(true)
    await this.#behind(id, write)
  }

  /** Resolves when it is written, or the end has taken it. */
  async begin(id: JobId, beginning: JobBeginning, write: Write): Promise<void> {
    this.#held.get(id)?.settle(true)
    const held = this.#hold(id, beginning)
    await this.#behind(id, async () => ((await held) ? write() : undefined))
  }

  /** Once all before it is written: the beginning that the end is to write along, if it still can. */
  async end(id: JobId): Promise<JobBeginning | undefined> {
    const held = this.#held.get(id)
    held?.settle(false)
    await this.#last.get(id)
    return held?.beginning
  }

  /** Of a job that has ended, or is not this server's any more. */
  forget(id: JobId): void {
    this.#held.get(id)?.settle(false)
    this.#last.delete(id)
  }

  #behind(id: JobId, write: Write): Promise<unknown> {
    const made = (this.#last.get(id) ?? Promise.resolve()).then(write)
    this.#last.set(id, made)
    return made
  }

  #hold(id: JobId, beginning: JobBeginning): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (isToBeWritten: boolean): void => {
        clearTimeout(timer)
        this.#held.delete(id)
        resolve(isToBeWritten)
      }
      const timer = setTimeout(settle, BEGINNING_HELD_MS, true)
      this.#held.set(id, { beginning, settle })
    })
  }
}
