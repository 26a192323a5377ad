// A server's number and the lock that says that it lives, on a connection of its own: when the process ends, however it ends,
// the connection ends, and the lock with it. A connection that is lost is opened anew and the lock taken again.
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { inTime } from '../in-time.ts'
import type { Engine, Query, Session } from './engine.ts'
import { STORE_LIMITS } from './limits.ts'
import type { ServerPlace } from './owner-store.ts'
import { SERVER_LOCK_CLASS } from './queries/owners.ts'
import { retrying } from './retry.ts'
import { codeOf } from './sql-error.ts'

/**
 * Drawn, not counted: a count would have to be kept, would begin again in a restored copy, and would give servers of two
 * stores in one database the same number. A lock's key goes no further.
 */
const NUMBERS = 2 ** 31

export async function enterServer(
  engine: Pick<Engine, 'session'>,
  retaken: () => void,
  lost: () => void = () => undefined,
): Promise<ServerPlace> {
  let ended = (): void => undefined
  const session = engine.session(() => ended())
  try {
    const number = await retrying(() => drawn(session.query), new AbortController().signal)
    const place = new Place(session, number, { retaken, lost })
    ended = () => void place.retake()
    return place
  } catch (error) {
    await session.close()
    throw error
  }
}

interface Heard {
  retaken(): void
  lost(): void
}

class Place implements ServerPlace {
  readonly number: number
  readonly #session: Session
  readonly #heard: Heard
  readonly #left = new AbortController()
  #retaking: Promise<void> | null = null

  constructor(session: Session, number: number, heard: Heard) {
    this.#session = session
    this.number = number
    this.#heard = heard
  }

  retake(): Promise<void> {
    this.#retaking ??= this.#lockAgain().finally(() => (this.#retaking = null))
    return this.#retaking
  }

  async leave(): Promise<void> {
    this.#left.abort()
    // Its machine may be gone without a word, and a stop must not wait for what no longer answers.
    await inTime(STORE_LIMITS.leaveMsMax, this.#unlock())
  }

  /** An embedded database's connection goes on; a lost one has taken its lock along. */
  async #unlock(): Promise<void> {
    await ask(this.#session.query, 'pg_advisory_unlock', this.number).catch(() => false)
    await this.#session.close().catch(() => undefined)
  }

  /** As long as the old connection has the lock, because the database has not seen its end, others see it held as well. */
  async #lockAgain(): Promise<void> {
    if (!this.#left.signal.aborted) this.#heard.lost()
    let delayMs: number = STORE_LIMITS.retryFirstMs
    while (!this.#left.signal.aborted) {
      try {
        if (await ask(this.#session.query, 'pg_try_advisory_lock', this.number)) return this.#heard.retaken()
      } catch (error) {
        // The store was closed. Any other error is the database's being away, which every other connection tells as well.
        if (codeOf(error) === 'CONNECTION_ENDED') return
      }
      await sleep(delayMs, undefined, { signal: this.#left.signal, ref: false }).catch(() => undefined)
      delayMs = Math.min(delayMs * 2, STORE_LIMITS.retryDelayMsMax)
    }
  }
}

/** Until one is nobody's: neither a living server's nor, by a chance of one in 2^31, that of a dead one's unfinished job. */
async function drawn(query: Query): Promise<number> {
  for (;;) {
    const number = randomInt(1, NUMBERS)
    const [taken] = await query('select 1 from jobs where finished_at_ms is null and owner = $1 limit 1', [number])
    if (taken === undefined && (await ask(query, 'pg_try_advisory_lock', number))) return number
  }
}

async function ask(query: Query, of: 'pg_try_advisory_lock' | 'pg_advisory_unlock', number: number): Promise<boolean> {
  const [row] = await query(`select ${of}($1::integer, $2::integer)`, [SERVER_LOCK_CLASS, number])
  return row?.[0] === true
}
