// What clients were told, noted by the clients themselves. Each follows its jobs to their ends through whatever becomes
// of the server, under its own ctx.job_id, and holds every word against all it heard before: an acknowledged job keeps
// its id, states go forward, a shard that was answered stays answered, an answer never changes.
import { expect } from 'vitest'
import { jobIdSchema, type JobId } from '@forge/shared/contract/ids.ts'
import type { Client, JobView, Reply } from './client.ts'
import { expectSameBits, isAnswer } from './client.ts'
import type { Contract } from './contract.ts'
import type { Dice } from './dice.ts'
import { eventually } from './eventually.ts'
import { roughlyExpected } from './rough-jobs.ts'

/** Of one job: all that its client knows. */
interface Told {
  readonly contract: Contract
  /** Of the first 200 or 202: from then on the job may not be lost. */
  id: string | undefined
  state: JobView['status'] | undefined
  answered: number
  /** As it was seen first, whole. */
  end: JobView | undefined
}

export interface HistoryOptions {
  /** Answers of an exposed liar are void, so where there are liars what was answered may be open again. */
  readonly liars?: boolean
}

const RANK: Readonly<Record<JobView['status'], number>> = {
  QUEUED: 0,
  RUNNING: 1,
  VERIFYING: 2,
  COMPLETED: 3,
  FAILED: 3,
  CANCELLED: 3,
}

/** Between two questions of one client; Retry-After says a second, but these are in a hurry. */
const ASK_MS = 150
/** A client that has heard of no end by then has waited in vain. */
const PATIENCE_MS = 200_000

export class History {
  /** Where the server contradicted itself, in sentences. */
  readonly faults: string[] = []
  /** Problems that were answered instead of a job, by status and code, and how often. */
  readonly problems = new Map<string, number>()
  /** Calls that nobody answered. One may fail without a fault: the server closes idle connections as they are taken up. */
  unanswered = 0
  readonly #jobs: Told[] = []
  readonly #client: Client
  readonly #options: HistoryOptions

  constructor(client: Client, options: HistoryOptions = {}) {
    this.#client = client
    this.#options = options
  }

  /** Posts, asks and posts again until an end is heard; which of them next is drawn. */
  async follow(contract: Contract, dice: Dice): Promise<void> {
    const told: Told = { contract, id: undefined, state: undefined, answered: 0, end: undefined }
    this.#jobs.push(told)
    await eventually(
      `the end of ${contract.ctx.job_id}`,
      async () => {
        const prefer = dice.pick(['respond-async', 'wait=1', 'wait=4'])
        const { id } = told
        const say = id === undefined || dice.chance(0.3) ? this.#client.post(contract, prefer) : this.#client.look(id)
        await say.then(
          (reply) => this.#hear(told, reply),
          (error: unknown) => this.#unheard(told, error),
        )
        return { ended: told.end !== undefined, state: told.state, problems: Object.fromEntries(this.problems) }
      },
      ({ ended }) => ended,
      PATIENCE_MS,
      ASK_MS,
    )
  }

  /** Several clients at once; each takes the next contract when it has heard the end of its last, until it is over. */
  async followAll(
    contracts: readonly Contract[],
    clients: number,
    dice: (client: number) => Dice,
    isOver: () => boolean = () => false,
  ): Promise<void> {
    const waiting = [...contracts]
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        const own = dice(client)
        for (let next = waiting.shift(); next && !isOver(); next = waiting.shift()) await this.follow(next, own)
      }),
    )
  }

  /** Shards that clients know to be answered, over all jobs. */
  get answered(): number {
    return this.#jobs.reduce((sum, { answered }) => sum + answered, 0)
  }

  get ended(): number {
    return this.#jobs.filter(({ end }) => end !== undefined).length
  }

  /** Jobs that clients have begun to ask for. */
  get begun(): number {
    return this.#jobs.length
  }

  /** Clients' ids of jobs that are known to have begun, and not to have ended. */
  get running(): string[] {
    return this.#jobs
      .filter(({ state, end }) => end === undefined && state !== undefined && RANK[state] > RANK.QUEUED)
      .map(({ contract }) => contract.ctx.job_id ?? '')
  }

  /** Of all jobs that were acknowledged. */
  get ids(): JobId[] {
    return this.#jobs.flatMap(({ id }) => (id === undefined ? [] : [jobIdSchema.parse(id)]))
  }

  /** Everything acknowledged is still there, ended as it was seen to end, and with the bits of one thread alone. */
  async expectNothingLost(): Promise<void> {
    expect(this.faults).toEqual([])
    for (const { contract, id, end } of this.#jobs) {
      const answer = await this.#client.result(id ?? 'never acknowledged')
      expect(answer).toEqual(end)
      const again = await this.#client.post(contract)
      expect(again).toMatchObject({ status: 200, body: { job_id: id } })
      expect(again.headers.get('forge-attached')).toBe('true')
      expectSameBits(answer, await roughlyExpected(contract))
      if (this.#options.liars === true) continue
      expect(answer.hub.verification).toMatchObject({ status: 'clean', mismatches: 0, voided: 0 })
    }
  }

  #hear(told: Told, { status, body }: Reply): void {
    if (status !== 200 && status !== 202) return this.#hearProblem(told, status, body)
    const view: JobView = JSON.parse(JSON.stringify(body))
    told.id ??= view.job_id
    const before = told.state ?? 'QUEUED'
    if (told.id !== view.job_id) this.#fault(told, `acknowledged as ${told.id}, now as ${view.job_id}`)
    if (RANK[view.status] < RANK[before]) this.#fault(told, `went back from ${before} to ${view.status}`)
    const answered = view.progress?.answered ?? 0
    if (view.progress && answered < told.answered && this.#options.liars !== true) {
      this.#fault(told, `had ${told.answered} shards answered, now ${answered}`)
    }
    told.state = view.status
    told.answered = Math.max(told.answered, isAnswer(view) ? view.hub.metrics.shards : answered)
    if (RANK[view.status] === RANK.COMPLETED) told.end = view
  }

  #hearProblem(told: Told, status: number, body: unknown): void {
    const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : 'no code'
    const problem = `${status} ${code}`
    this.problems.set(problem, (this.problems.get(problem) ?? 0) + 1)
    // A waiting call answers a failed job's problem, with its id; any other problem is of this call alone.
    const ofJob = typeof body === 'object' && body !== null && 'job_id' in body ? String(body.job_id) : undefined
    told.id ??= ofJob
    const mayBeSentAgain = typeof body === 'object' && body !== null && 'retryable' in body && body.retryable === true
    if (status < 500 || !mayBeSentAgain || ofJob !== undefined)
      this.#fault(told, `answered ${status} ${JSON.stringify(body)}`)
  }

  #unheard(told: Told, error: unknown): void {
    // What fetch throws when the connection fails, before the answer or in its midst.
    if (error instanceof TypeError) this.unanswered += 1
    else this.#fault(told, `answered what nobody can read: ${String(error)}`)
  }

  #fault({ contract }: Told, sentence: string): void {
    const fault = `${contract.ctx.job_id}: ${sentence}`
    if (!this.faults.includes(fault)) this.faults.push(fault)
  }
}
