// What agents are told of their own shards, at a pace that a person can read: an answer changes its agent's tally twice, and
// a frame for each change was a quarter of all that the Hub wrote.
import type { Tally } from '@forge/shared/contract/agent-events.ts'
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { TALLY_PACE_MS } from './limits.ts'

export class Tallies {
  readonly #send: (session: SessionId, tally: Tally) => void
  readonly #sentMs = new Map<SessionId, number>()
  /** Changes since the last frame: only the latest is worth saying. */
  readonly #held = new Map<SessionId, Tally>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(send: (session: SessionId, tally: Tally) => void) {
    this.#send = send
  }

  /** At once where the session has not heard for a while, else when its pace allows, with what came until then. */
  changed(session: SessionId, tally: Tally): void {
    const nowMs = performance.now()
    if (nowMs - (this.#sentMs.get(session) ?? -Infinity) >= TALLY_PACE_MS) return this.#say(session, tally, nowMs)
    this.#held.set(session, tally)
    this.#timer ??= setTimeout(() => this.#sayHeld(), TALLY_PACE_MS)
  }

  left(session: SessionId): void {
    this.#sentMs.delete(session)
    this.#held.delete(session)
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #sayHeld(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    for (const [session, tally] of this.#held) this.#say(session, tally, nowMs)
  }

  #say(session: SessionId, tally: Tally, nowMs: number): void {
    this.#held.delete(session)
    this.#sentMs.set(session, nowMs)
    this.#send(session, tally)
  }
}
