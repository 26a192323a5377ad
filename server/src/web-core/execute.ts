// POST /api/v0/ops/execute: accept the contract, register it with the Hub, wait as long as the client likes, answer. The
// job belongs to the Hub from the moment it is registered; a client that leaves, or a server that stops, ends the wait
// and nothing else.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import { NO_LIMITS } from '../store/ledger-store.ts'
import type { InsertedJob, JobRow, NewJob } from '../store/store.ts'
import type { ProjectCaller } from './auth.ts'
import { acceptContract, unknownPool, newJob, type JobMaker } from './contract.ts'
import type { WebStore } from './deps.ts'
import { ctxIdsOf, jobProblem, jobView, type JobView } from './job-view.ts'
import { beyondLimits, jobLimitsOf, tooManyJobs } from './limit-refusals.ts'
import { WEB_LIMITS } from './limits.ts'
import { preferencesOf, type Preferences } from './prefer.ts'
import { refuse, Refusal } from './refusal.ts'
import { knownProject } from './known-project.ts'
import type { JsonValue } from './strict-json.ts'
import { limitsOf } from './tenant-views.ts'

export interface ExecuteDeps {
  readonly store: Pick<WebStore, 'job' | 'jobOfClient' | 'noticesOf' | 'pool' | 'project'>
  readonly hub: Pick<Hub, 'submitWithin' | 'ended' | 'progress'>
  readonly clock: () => number
  readonly newUlid: JobMaker['newUlid']
  readonly randomBytes: JobMaker['randomBytes']
  /** Aborted when the server stops: no new job is taken, and waiting calls are answered 202. */
  readonly stopping: AbortSignal
}

export interface ExecuteInput {
  readonly caller: Pick<ProjectCaller, 'projectId'>
  readonly body: Contract
  /** The body as sent. */
  readonly sent: JsonValue
  readonly request: Request
}

type Answer<Status> = {
  readonly status: Status
  readonly body: JobView
  readonly headers: Readonly<Record<string, string>>
}
export type ExecuteAnswer = Answer<200> | Answer<202>

export async function execute(input: ExecuteInput, deps: ExecuteDeps): Promise<ExecuteAnswer | Refusal> {
  const { caller, body, sent, request } = input
  if (deps.stopping.aborted) return stoppingRefusal()
  const preferences = preferencesOf(request.headers.get('prefer'))
  if (preferences instanceof Refusal) return preferences
  const accepted = acceptContract(body, sent)
  if (accepted instanceof Refusal) return accepted

  const { newUlid, randomBytes } = deps
  const job = newJob(accepted, caller.projectId, { nowMs: deps.clock(), newUlid, randomBytes })
  const project = await knownProject(deps.store, caller.projectId)
  if (project instanceof Refusal) return project
  const foreign = await unknownPool(deps.store, project.id, accepted.contract)
  if (foreign !== null) return foreign
  const registered = await register(job, beyondLimits(accepted, limitsOf(project)), limitsOf(project), deps)
  if (registered instanceof Refusal) return registered
  const id = registered.inserted ? job.id : registered.existing.id
  if (!registered.inserted && registered.existing.requestDigest !== job.requestDigest) {
    const detail = `ctx.job_id ${JSON.stringify(job.clientJobId)} belongs to job ${id}, whose body is another one.`
    return refuse('JOB_ID_REUSED', detail, { job_id: id })
  }
  const waitMs = preferences.waitSeconds * 1000
  if (waitMs > 0) await untilEnded(deps, (signal) => deps.hub.ended(id, waitMs, signal), request.signal)
  const row = await deps.store.job(id)
  if (row === null) throw new Error(`job ${id} was registered and is not in the store`)
  const headers = {
    ...(registered.inserted ? {} : { 'Forge-Attached': 'true' }),
    ...(preferences.applied === null ? {} : { 'Preference-Applied': preferences.applied }),
  }
  const notices = registered.inserted ? [] : await deps.store.noticesOf(id)
  const view = jobView(row, deps.hub.progress(id), notices, ctxIdsOf(accepted.contract.ctx))
  return answer(row, view, preferences, headers)
}

/** A job that is there already is attached to, whatever limit would stand in the way of a new one. */
async function register(
  job: NewJob,
  beyond: Refusal | null,
  limits: ProjectLimits,
  { store, hub }: ExecuteDeps,
): Promise<InsertedJob | Refusal> {
  if (beyond !== null) {
    const existing = job.clientJobId === null ? null : await store.jobOfClient(job.projectId, job.clientJobId)
    return existing === null ? beyond : { inserted: false, existing }
  }
  const registered = await hub.submitWithin(job, NO_LIMITS, jobLimitsOf(limits))
  if ('tooMany' in registered) return tooManyJobs(registered)
  if ('over' in registered) throw new Error('a job was beyond limits that are none')
  return registered
}

function answer(
  row: JobRow,
  body: JobView,
  { async }: Preferences,
  headers: Readonly<Record<string, string>>,
): ExecuteAnswer | Refusal {
  const ended = row.state === 'COMPLETED' || row.state === 'FAILED' || row.state === 'CANCELLED'
  if (!ended || async) {
    const retryAfter = String(WEB_LIMITS.retryAfterSeconds)
    return { status: 202, body, headers: { ...headers, Location: `/api/v0/jobs/${row.id}`, 'Retry-After': retryAfter } }
  }
  if (row.state === 'COMPLETED') return { status: 200, body, headers }
  return new Refusal(jobProblem(row), headers)
}

export function stoppingRefusal(): Refusal {
  const { problem } = refuse('SERVER_STOPPING', 'No new job is taken while the server stops; send it again soon.')
  return new Refusal(problem, { 'Retry-After': String(WEB_LIMITS.restartSeconds) })
}

/** Waits until the job ends, the client leaves or the server stops. Listeners go when the wait does. */
async function untilEnded(
  { stopping }: ExecuteDeps,
  wait: (signal: AbortSignal) => Promise<void>,
  client: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const stop = (): void => over.abort()
  const signals = [stopping, client]
  for (const signal of signals) {
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  }
  try {
    await wait(over.signal)
  } catch (error) {
    if (!over.signal.aborted) throw error
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', stop)
  }
}
