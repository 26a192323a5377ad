// POST /api/v0/ops/execute: accept the contract, register it with the Hub, wait as long as the client likes, answer. The
// job belongs to the Hub from the moment it is registered; a client that leaves, or a server that stops, ends the wait
// and nothing else.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { JobRow, Store } from '../store/store.ts'
import type { ProjectCaller } from './auth.ts'
import { acceptContract, newJob, type Accepted, type JobMaker } from './contract.ts'
import { creditLimitsOf, overCreditLimit } from './credit-limits.ts'
import { ctxIdsOf, jobProblem, viewOfJob, type JobView } from './job-view.ts'
import { WEB_LIMITS } from './limits.ts'
import { preferencesOf, type Preferences } from './prefer.ts'
import { refuse, Refusal } from './refusal.ts'
import type { JsonValue } from './strict-json.ts'
import { limitsOf } from './tenant-views.ts'

export interface ExecuteDeps {
  readonly store: Pick<Store, 'job' | 'noticesOf' | 'project'>
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
  const accepted = acceptContract(body, sent)
  return accepted instanceof Refusal ? accepted : submitAccepted({ caller, accepted, request }, deps)
}

export interface AcceptedInput extends Pick<ExecuteInput, 'caller' | 'request'> {
  readonly accepted: Accepted
}

/** From a contract that can run to the answer, for new jobs and replays alike. */
export async function submitAccepted(
  { caller, accepted, request }: AcceptedInput,
  deps: ExecuteDeps,
): Promise<ExecuteAnswer | Refusal> {
  if (deps.stopping.aborted) return stoppingRefusal()
  const preferences = preferencesOf(request.headers.get('prefer'))
  if (preferences instanceof Refusal) return preferences
  const { newUlid, randomBytes } = deps
  const job = newJob(accepted, caller.projectId, { nowMs: deps.clock(), newUlid, randomBytes })
  const project = await deps.store.project(caller.projectId)
  if (project === null) throw new Error(`the key of a project that is not there: ${caller.projectId}`)
  const registered = await deps.hub.submitWithin(job, creditLimitsOf(limitsOf(project)))
  if ('over' in registered) return overCreditLimit(registered, job.createdAtMs)
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
  const view = await viewOfJob(row, deps, ctxIdsOf(accepted.contract.ctx))
  return answer(row, view, preferences, headers)
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
