// A transaction on one connection, said in statements; the same for both engines. postgres.js has its own, which sends a
// rollback to a connection that is gone and thereby ends the whole process (its issues 1066, 1154 and 1208).
import type { Query } from './engine.ts'
import { codeOf } from './sql-error.ts'

/**
 * Reads and locks travel with `begin`, for they do no harm where it fails: their transaction fails with it. Whatever writes
 * waits for it, since behind a `begin` that failed it would be committed alone.
 */
const mayTravelWithBegin = (text: string): boolean => /^select\b/i.test(text)

/** How the database refuses what comes behind a failure of the same transaction. */
const ABORTED = '25P02'

/**
 * The connection must be nobody else's from `begin` to the end, and statements must come to the database in the order in
 * which they are asked. Several may be on their way together; of those that `work` asks for at once the order is not said.
 */
export async function transaction<T>(query: Query, work: (query: Query) => Promise<T>): Promise<T> {
  let open = true
  // Postgres answers `commit` with a quiet rollback once a statement has failed, even if `work` forgave it.
  let failure: unknown
  const own: Query = async (text, params) => {
    try {
      if (!mayTravelWithBegin(text)) await begun
      if (!open) throw new Error('this transaction is over')
      return await query(text, params)
    } catch (error) {
      failure ??= error
      // What the database refuses because something before it failed: that says more.
      throw codeOf(error) === ABORTED ? failure : error
    }
  }
  const begun = query('begin', [])
  begun.catch(() => undefined)
  try {
    const value = await work(own)
    await begun
    if (failure !== undefined) throw failure
    open = false
    await query('commit', [])
    return value
  } catch (error) {
    open = false
    // Why it could not begin says more than what came of that, and there is nothing to roll back.
    await begun
    // Where the connection is lost there is nothing either, and the first error says more.
    await query('rollback', []).catch(() => undefined)
    throw error
  }
}

/** Runs one task after another, in the order of the calls. */
export function queue(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const turn = last.then(task)
    last = turn.catch(() => undefined)
    return turn
  }
}
