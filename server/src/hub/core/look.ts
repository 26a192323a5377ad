// What dispatch asks of a job for each of thousands of idle agents, and what does not depend on the agent: worked out once.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { answeredBefore, isFull, isOpenToAll, shardsForAnswered, shardsForOthers } from './admission.ts'
import { mayHaveBackups, slowLeases, type Slow } from './backup.ts'
import { freeChecks } from './checkers.ts'
import { takesFreshChecker } from './eligibility.ts'
import { refereeIsToCome } from './settle.ts'
import { shardOf, type Agent, type HubState, type Job } from './state.ts'

/** Of one dispatch, which takes away and adds nothing: what is granted meanwhile may still be in the lists. */
export class Look {
  readonly #state: HubState
  readonly #inside = new Set<Identity>()
  readonly #free = new Map<Job, readonly number[]>()
  readonly #forFresh = new Map<Job, readonly number[]>()
  readonly #slow = new Map<Job, readonly Slow[]>()
  readonly #firsts = new Map<Job, ReadonlySet<number>>()
  readonly #left = new Map<Job, ReadonlySet<number>>()

  constructor(state: HubState, jobs: readonly Job[]) {
    this.#state = state
    for (const { authors, drawnFor } of jobs) {
      for (const identity of authors) this.#inside.add(identity)
      for (const identity of drawnFor.keys()) this.#inside.add(identity)
    }
  }

  /** Whether a job may have something for this agent that it does not have for just anybody. */
  isInside({ identity, referee, trialsLeft }: Agent): boolean {
    return referee || trialsLeft > 0 || this.#inside.has(identity)
  }

  /** Whether a job may have something for an agent that is no author of any and was drawn for nothing. */
  isForOthers(job: Job): boolean {
    if (this.freeChecks(job).length > 0) return true
    if (job.disputed.size > 0 && !refereeIsToCome(this.#state, job)) return true
    if (isFull(job)) return false
    if (mayHaveBackups(job) && this.slowLeases(job).length > 0) return true
    return this.firstsForOthers(job).size > 0
  }

  /** A lease was granted: who is in a job has changed. */
  granted(job: Job, { identity }: Agent): void {
    this.#inside.add(identity)
    this.#firsts.delete(job)
    this.#left.delete(job)
  }

  /** Checks that wait for nobody who was drawn. */
  freeChecks(job: Job): readonly number[] {
    return once(this.#free, job, () => freeChecks(job))
  }

  /** Of those, what a fresh key may check. */
  freeForFresh(job: Job): readonly number[] {
    return once(this.#forFresh, job, () =>
      this.freeChecks(job).filter((index) => takesFreshChecker(this.#state, job, shardOf(job, index))),
    )
  }

  slowLeases(job: Job): readonly Slow[] {
    return once(this.#slow, job, () => slowLeases(this.#state, job))
  }

  /** What an agent may run first, in the job's order. */
  firstsFor(job: Job, agent: Agent): ReadonlySet<number> {
    if (job.authors.has(agent.identity)) return job.open
    const firsts = this.firstsForOthers(job)
    if (!answeredBefore(job, agent)) return firsts
    return once(this.#left, job, () => shardsForAnswered(this.#state, job, firsts))
  }

  /** The same for one that is no author of the job yet. */
  firstsForOthers(job: Job): ReadonlySet<number> {
    return isOpenToAll(job) ? job.open : once(this.#firsts, job, () => shardsForOthers(this.#state, job))
  }
}

function once<T>(known: Map<Job, T>, job: Job, find: () => T): T {
  const found = known.get(job) ?? find()
  known.set(job, found)
  return found
}
