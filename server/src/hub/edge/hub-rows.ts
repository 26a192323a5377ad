// What the Hub makes durable: answers, voids, states, results. Every write is tried until the store takes it; those of one
// job's row keep the order in which the core decided them.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { problem, type Findings, type ProblemCode } from '@forge/shared/contract/problem.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Logger } from '../../logger.ts'
import { passesWithTime } from '../../store/sql-error.ts'
import type { Store, SubmissionRow } from '../../store/store.ts'
import type { HubCommand } from '../core/events.ts'
import type { KeepArtifacts } from './artifacts.ts'
import { createCompleting } from './completing.ts'
import { FreshPartials } from './fresh-partials.ts'
import { createIdentityRows, NOTHING, type IdentityRows } from './identity-rows.ts'
import { JobChanges } from './job-changes.ts'
import { STORE_GIVE_UP_MS } from './limits.ts'
import { persistently } from './persistently.ts'
import type { PlannedJob } from './planning.ts'

export interface HubRows {
  /** Rejects when the store has not taken them in time: they then count as never given. */
  answers(submissions: readonly SubmissionRow[], partials: ReadonlyMap<number, Uint8Array>): Promise<void>
  /** What the core decided of identities: exposures with what they void, releases, standings. Finished jobs get notices. */
  decided(writes: Extract<HubCommand, { type: 'write' }>['writes']): Promise<void>
  jobState(change: Extract<HubCommand, { type: 'job-state' }>, planDigest: Digest | undefined): Promise<void>
  /** Behind the job's earlier changes, so that of two of them the later one stays. */
  basis(jobId: JobId, basis: Digest): Promise<void>
  completed(planned: PlannedJob, command: Extract<HubCommand, { type: 'complete' }>): Promise<void>
  /** Of exposures that a job's end overtook; nobody waits for it. */
  noticed(jobId: JobId): Promise<void>
  /** An exposure that another server wrote: it gave notices to the jobs that had finished by then. */
  exposedElsewhere: IdentityRows['exposedElsewhere']
  /** At the start: notices that an earlier server did not write. */
  resume(unfinishedSinceMs: number | null): Promise<void>
  /** A reduction of stored partials, begun again where a restarting database broke it off. */
  reading<T>(read: () => Promise<T>): Promise<T>
  failed(jobId: JobId, code: ProblemCode, detail: string, found?: Findings): Promise<void>
  /** As its client asked. */
  cancelled(jobId: JobId): Promise<void>
  /** A job that is no longer this server's: nothing more is written of it. */
  forget(jobId: JobId): void
}

export interface HubRowsDeps {
  readonly store: Store
  readonly logger: Logger
  /** What a line in the log names a job by. */
  readonly labelsOf: (jobId: JobId) => object
  /** Whether a job is one that `endsAtOnce`; not, when it is not planned. */
  readonly isQuick: (jobId: JobId) => boolean
  /** This server's number: a job's row is changed and ended by its owner alone. */
  readonly owner: () => number
  readonly closing: AbortSignal
  readonly keepArtifacts: KeepArtifacts
}

export function createHubRows(deps: HubRowsDeps): HubRows {
  const { store, logger, labelsOf, isQuick, owner, closing } = deps
  const persist = <T>(what: string, write: () => Promise<T>, giveUpMs = Infinity): Promise<T> =>
    persistently(write, { what, giveUpMs, logger, closing })
  const reading = <T>(read: () => Promise<T>): Promise<T> =>
    persistently(read, { what: 'the reduction', giveUpMs: Infinity, logger, closing, passes: passesWithTime })
  const changes = new JobChanges()
  const fresh = new FreshPartials()
  const forget = (jobId: JobId): void => {
    changes.forget(jobId)
    fresh.forget(jobId)
  }
  const identities = createIdentityRows(store, persist, logger)

  const finish = async (jobId: JobId, what: string, end: Parameters<Store['finishJob']>[1]): Promise<boolean> => {
    // What it voided belongs to the job's rows, which an end closes.
    const [begun] = await Promise.all([changes.end(jobId), identities.settled()])
    const ended = await persist(what, () => store.finishJob(jobId, { ...end, begun, owner: owner() }))
    if (!ended) logger.warn({ ...labelsOf(jobId), state: end.state }, NOT_ITS_END)
    forget(jobId)
    return ended
  }
  const failed: HubRows['failed'] = (jobId, ...why) =>
    finish(jobId, 'the failure', failure(jobId, ...why)).then(() => undefined)

  const completed = createCompleting({ ...deps, fresh, persist, reading, finish, failed, settled: identities.settled })

  return {
    async answers(submissions, partials) {
      const rows = submissions.map(({ jobId, shard, digest }) => {
        const bytes = partials.get(shard)
        if (bytes === undefined) throw new Error(`the answer has no partial of shard ${shard}`)
        return { jobId, shard, digest, bytes }
      })
      const writes = { ...NOTHING, submissions, partials: rows }
      await persist('answers', () => store.writeShards(writes), STORE_GIVE_UP_MS)
      const jobId = rows[0]?.jobId
      if (jobId !== undefined && isQuick(jobId)) fresh.keep(jobId, rows)
    },
    decided: identities.decided,
    async jobState({ jobId, state, reason }, planDigest) {
      const begun = state === 'RUNNING' ? { startedAtMs: Date.now(), planDigest } : null
      const to = { state, reason, planDigest, ...begun, owner: owner() }
      const write = () => persist('a job’s state', () => store.updateJob(jobId, to))
      await (begun === null || reason !== null ? changes.next(jobId, write) : changes.begin(jobId, begun, write))
    },
    async basis(jobId, basis) {
      const write = () => store.setBasis(jobId, basis, owner())
      await changes.next(jobId, () => persist('the basis of a last pass', write))
    },
    completed,
    noticed: identities.jobEnded,
    exposedElsewhere: identities.exposedElsewhere,
    resume: identities.resume,
    failed,
    async cancelled(jobId) {
      if (await finish(jobId, 'a cancellation', cancellation(jobId)))
        return logger.info(labelsOf(jobId), 'job cancelled')
      // It may be another server's by now, which goes on with it: its client was told that it ends. An ended one is not marked.
      await persist('a wish to cancel', () => store.wantCancelled(jobId, Date.now()))
    },
    forget,
    reading,
  }
}

const NOT_ITS_END = 'the job had ended before, or is another server’s by now: this end is not written'

const failure = (jobId: JobId, code: ProblemCode, detail: string, verification?: Findings) =>
  ({
    state: 'FAILED',
    problem: problem(code, detail, { job_id: jobId, verification }),
    finishedAtMs: Date.now(),
  }) as const

function cancellation(jobId: JobId) {
  const detail = 'Its client cancelled it; nothing is billed.'
  return {
    state: 'CANCELLED',
    problem: problem('CANCELLED', detail, { job_id: jobId }),
    finishedAtMs: Date.now(),
  } as const
}
