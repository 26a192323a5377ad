// POST /api/v0/ops/execute: accept the contract, register it with the Hub, wait as long as the client likes, answer. The
// job belongs to the Hub from the moment it is registered; a client that leaves, or a server that stops, ends the wait
// and nothing else.
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { JobRow, Store } from '../store/store.ts'
import type { Caller } from './auth.ts'
import { acceptContract, newJob, type JobMaker } from './contract.ts'
import { ctxIdsOf, jobProblem, jobView } from './job-view.ts'
import { readJsonBody } from './json-body.ts'
import { WEB_LIMITS } from './limits.ts'
import { preferencesOf, type Preferences } from './prefer.ts'
import { refuse, Refusal } from './refusal.ts'
import { replyJson, replyProblem } from './reply.ts'

export interface ExecuteDeps {
  readonly store: Pick<Store, 'job' | 'noticesOf'>
  readonly hub: Pick<Hub, 'submit' | 'ended' | 'progress'>
  readonly clock: () => number
  readonly newUlid: JobMaker['newUlid']
  readonly randomBytes: JobMaker['randomBytes']
  /** Aborted when the server stops: no new job is taken, and waiting calls are answered 202. */
  readonly stopping: AbortSignal
}

export async function execute(request: Request, caller: Caller, deps: ExecuteDeps): Promise<Response> {
  if (deps.stopping.aborted) {
    const headers = { 'Retry-After': String(WEB_LIMITS.restartSeconds) }
    return replyProblem(
      refuse('SERVER_STOPPING', 'No new job is taken while the server stops; send it again soon.'),
      headers,
    )
  }
  const preferences = preferencesOf(request.headers.get('prefer'))
  if (preferences instanceof Refusal) return replyProblem(preferences)
  const body = await readJsonBody(request)
  if (body instanceof Refusal) return replyProblem(body)
  const accepted = acceptContract(body)
  if (accepted instanceof Refusal) return replyProblem(accepted)

  const { newUlid, randomBytes } = deps
  const job = newJob(accepted, caller.projectId, { nowMs: deps.clock(), newUlid, randomBytes })
  const registered = await deps.hub.submit(job)
  const id = registered.inserted ? job.id : registered.existing.id
  if (!registered.inserted && registered.existing.requestDigest !== job.requestDigest) {
    const detail = `ctx.job_id ${JSON.stringify(job.clientJobId)} belongs to job ${id}, whose body is another one.`
    return replyProblem(refuse('JOB_ID_REUSED', detail, { job_id: id }))
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

function answer(
  row: JobRow,
  view: Record<string, unknown>,
  { async }: Preferences,
  headers: Readonly<Record<string, string>>,
): Response {
  const ended = row.state === 'COMPLETED' || row.state === 'FAILED' || row.state === 'CANCELLED'
  if (!ended || async) {
    const location = `/api/v0/jobs/${row.id}`
    return replyJson(view, 202, { ...headers, Location: location, 'Retry-After': String(WEB_LIMITS.retryAfterSeconds) })
  }
  if (row.state === 'COMPLETED') return replyJson(view, 200, headers)
  return replyProblem(jobProblem(row), headers)
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
