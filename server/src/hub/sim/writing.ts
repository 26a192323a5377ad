// The simulated world's way from the Hub to its store: answers, decisions, verdicts and the basis of a last pass become
// durable after a while, fail with an outcome that nobody knows, or are lost with the Hub that was about to write them.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { SubmissionRow } from '../../store/store.ts'
import type { HubCommand } from '../core/events.ts'
import type { World } from './world.ts'

type Command<T extends HubCommand['type']> = Extract<HubCommand, { type: T }>

/** What the real edge gives up after. */
const STORE_FAILS_AFTER_MS = 2_500

export class Writing {
  readonly #world: World
  readonly #refining = new Map<JobId, Digest>()
  /** When all that was asked for so far is written. */
  #writtenByMs = 0
  /** How many answers wait for the store, by job and shard. */
  readonly storing = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  /** What a killed Hub leaves behind. */
  crashed(): void {
    this.storing.clear()
    this.#refining.clear()
    this.#writtenByMs = 0
  }

  /** As the real store commits: in the order of the calls. */
  inOrder(write: () => void): void {
    const nowMs = this.#world.nowMs()
    this.#writtenByMs = Math.max(this.#writtenByMs, nowMs + this.#delayMs())
    this.#world.later(write, this.#writtenByMs - nowMs)
  }

  decision({ writes }: Command<'write'>): void {
    const { random, scenario, store } = this.#world
    const atMs = this.#world.hubNowMs()
    for (const { identity } of writes.quarantines ?? []) this.#world.note('exposure', identity)
    const write = (): void => {
      store.write(writes, atMs)
      this.#world.elsewhere.changed()
    }
    this.inOrder(write)
    if (!this.#world.isFaulty()) return
    if (random.chance(scenario.faults.repeatRate)) {
      this.#world.note('write repeated')
      this.inOrder(write)
    }
    if ((writes.quarantines ?? []).length === 0 || !random.chance(scenario.exposureCrashRate)) return
    this.#world.after(random.int(1, 3_000), () => this.#world.crash('crash after exposure'))
  }

  ending({ jobId, ...command }: Command<'complete'>, thenEnd: () => void): void {
    const { type: _, ...ending } = command
    this.inOrder(() => {
      this.#world.store.writeEnding(jobId, ending)
      if (this.#world.diesNow()) return
      this.#world.later(thenEnd, this.#delayMs())
    })
  }

  /** As the edge does: reduced, made durable, and told unless a later one has replaced it. */
  refine({ jobId, basis, digests }: Command<'refine'>): void {
    const { bases, partials, refined, store, random } = this.#world
    bases.set(basis, digests)
    partials.refine(jobId, basis, digests)
    this.#refining.set(jobId, basis)
    const isWanted = (): boolean => this.#refining.get(jobId) === basis
    // A long job's partials take a while to read: time enough for an exposure.
    this.#world.later(
      () => {
        if (isWanted() && !store.ended.has(jobId)) store.bases.set(jobId, basis)
        this.#world.later(() => {
          if (isWanted()) refined.set(jobId, basis)
          // One that has been replaced, too: the core must know by itself which it wants.
          this.#world.raise({ type: 'pass-planned', jobId, basis })
        }, this.#delayMs())
      },
      random.pick([1, 100, 10_000]),
    )
  }

  answer({ submissions }: Command<'store'>): void {
    const { random, scenario, store } = this.#world
    this.#count(submissions, 1)
    if (this.#world.isFaulty() && random.chance(scenario.storeFailRate)) {
      // Nobody knows whether a write that failed was written.
      const isWritten = random.chance(0.5)
      this.#world.note(isWritten ? 'store failed, written' : 'store failed, not written')
      store.failed(submissions)
      if (isWritten) this.#world.later(() => store.writeSubmissions(submissions), this.#delayMs())
      this.#world.later(() => this.#world.raise({ type: 'store-failed', submissions }), STORE_FAILS_AFTER_MS)
      return
    }
    this.#world.later(() => {
      store.writeSubmissions(submissions)
      // The Hub may be killed between the commit and its hearing of it.
      if (this.#world.diesNow()) return
      this.#world.later(() => this.#world.raise({ type: 'stored', submissions }), 1)
    }, this.#delayMs())
  }

  heard(rows: readonly SubmissionRow[]): void {
    this.#count(rows, -1)
  }

  #count(rows: readonly SubmissionRow[], by: 1 | -1): void {
    for (const { jobId, shard } of rows) {
      const key = `${jobId}|${shard}`
      this.storing.set(key, (this.storing.get(key) ?? 0) + by)
    }
  }

  #delayMs(): number {
    return this.#world.random.int(1, this.#world.scenario.storeDelayMs)
  }
}
