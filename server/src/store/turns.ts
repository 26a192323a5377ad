// Reads that take long go one after another, so that they keep one connection busy and leave the others to jobs and agents.
import { StoreBusy } from './sql-error.ts'
import { queue } from './transaction.ts'

export interface Turns {
  /** Rejects with `StoreBusy`, and runs nothing, when as many wait as may. */
  take<T>(task: () => Promise<T>): Promise<T>
}

/** `what` is read, as it is told to who came too late. */
export function turns(what: string, waitingMax: number): Turns {
  const inTurn = queue()
  let waiting = 0
  return {
    async take(task) {
      if (waiting > waitingMax) throw new StoreBusy(`${waiting} reads of ${what} wait for their turn`)
      waiting++
      try {
        return await inTurn(task)
      } finally {
        waiting--
      }
    },
  }
}
