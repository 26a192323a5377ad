// What the ledger's cases book: the plainest terms that say something.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { ANY_NUMBER, dayOf, NO_LIMITS, type Booking, type Terms } from './ledger-store.ts'
import type { Store } from './store.ts'
import { aJob, digestOf } from './store.fixtures.ts'

export interface LedgerTool {
  store(): Store
  sql(text: string): Promise<unknown>
  freshProject(): Promise<ProjectId>
}

export const AT_MS = 1_790_000_000_000
export const DAY_MS = 86_400_000

/** 10 micro-credits a shard, 3 the last one of four; 1,000 the job. */
export const terms = (change: Partial<Terms> = {}): Terms => ({
  mode: 'billable',
  op: 'mc/1/insurance.v1',
  priceList: digestOf('price list'),
  microCredits: 1_000n,
  shardMicroCredits: 10n,
  lastShardMicroCredits: 3n,
  shardsPerPass: 4,
  ...change,
})
export const booking = (
  change: Partial<Terms> = {},
  limits: Partial<Booking['limits']> = {},
  jobs: Partial<Booking['jobs']> = {},
): Booking => ({
  terms: terms(change),
  limits: { ...NO_LIMITS, ...limits },
  jobs: { ...ANY_NUMBER, ...jobs },
})

export async function register(
  store: Store,
  projectId: ProjectId,
  change: Partial<Terms> = {},
  createdAtMs = AT_MS,
): Promise<JobId> {
  const job = aJob(projectId, { createdAtMs })
  const registered = await store.registerJob(job, booking(change))
  if (!registered.inserted) throw new Error('a new job without limits is registered')
  return job.id
}

export const fail = (store: Store, id: JobId, state: 'FAILED' | 'CANCELLED'): Promise<boolean> =>
  store.finishJob(id, { state, problem: problem('TIMED_OUT', 'x'), finishedAtMs: AT_MS + 9 })

/** A settlement of another day, past the store: what moved is not looked at. */
export async function settledAt(
  sql: LedgerTool['sql'],
  id: JobId,
  projectId: ProjectId,
  atMs: number,
  price = 1_000n,
): Promise<void> {
  await sql(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
    values ('${projectId}', '${id}', 'settle', ${atMs}, ${dayOf(AT_MS)}, '{"price":"${price}","state":"COMPLETED"}')`)
}
