// A transaction on one connection, said in statements; the same for both engines. postgres.js has its own, which sends a
// rollback to a connection that is gone and thereby ends the whole process (its issues 1066, 1154 and 1208).
import type { Query } from './engine.ts'

/**
 * The connection must be nobody else's from `begin` to the end. Several statements may be on their way together; which of
 * them comes first is not said.
 */
export async function transaction<T>(query: Query, work: (query: Query) => Promise<T>): Promise<T> {
  let open = true
  // Postgres answers `commit` with a quiet rollback once a statement has failed, even if `work` forgave it.
  let failure: unknown
  const own: Query = async (text, params) => {
    if (!open) throw new Error('this transaction is over')
    try {
      return await query(text, params)
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  // Waited for by itself: behind one that failed, whatever travelled with it would be committed alone.
  await query('begin', [])
  try {
    const value = await work(own)
    if (failure !== undefined) throw failure
    open = false
    await query('commit', [])
    return value
  } catch (error) {
    open = false
    // Where the connection is lost there is nothing to roll back, and the first error says more.
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
