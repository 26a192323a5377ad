// POST /api/v0/ops/execute: accept the contract, register it with the Hub, wait as long as the client likes, answer. The
// job belongs to the Hub from the moment it is registered; a client that leaves, or a server that stops, ends the wait
// and nothing else.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { Logger } from '../logger.ts'
import { refusal, resolveReferences, type ReferenceDeps } from '../memory/references.ts'
import { ReferenceGone } from '../store/sql-error.ts'
import type { InsertedJob, JobRow, NewJob } from '../store/store.ts'
import type { RequestTrace } from '../trace.ts'
import { acceptContract, newJob, requestDigest, unknownPool, type Accepted, type JobMaker } from './contract.ts'
import { mayRegister, type ContractCaller } from './contract-scopes.ts'
import { creditLimitsOf, overCreditLimit } from './credit-limits.ts'
import type { WebStore } from './deps.ts'
import { ctxIdsOf, jobProblem, viewOfJob, type JobView } from './job-view.ts'
import { expectedMs, lateWarning } from './expected-time.ts'
import { beyondLimits, beyondShortDeadlines, jobLimitsOf, tooManyJobs } from './limit-refusals.ts'
import { WEB_LIMITS } from './limits.ts'
import { ignoredPolicy } from './policy-words.ts'
import { preferencesOf, type Preferences } from './prefer.ts'
import { refuse, Refusal } from './refusal.ts'
import { knownProject } from './known-project.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'
import { limitsOf } from './tenant-views.ts'

export interface ExecuteDeps extends ReferenceDeps {
  readonly store: Pick<WebStore, 'job' | 'jobOfClient' | 'givenUpOnDay' | 'noticesOf' | 'pool' | 'project'> &
    ReferenceDeps['store']
  readonly hub: Pick<Hub, 'submitWithin' | 'ended' | 'progress' | 'isElsewhere' | 'speeds'>
  readonly logger: Logger
  readonly trace: RequestTrace
  readonly newUlid: JobMaker['newUlid']
  readonly randomBytes: JobMaker['randomBytes']
  /** Aborted when the server stops: no new job is taken, and waiting calls are answered 202. */
  readonly stopping: AbortSignal
}

export interface ExecuteInput {
  readonly caller: ContractCaller
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
  const body = traced(input.body, deps)
  return answering(input.request, body, deps, () => register({ ...input, body }, deps))
}

export interface AcceptedInput extends Pick<ExecuteInput, 'request'> {
  readonly caller: Pick<ContractCaller, 'projectId'>
  readonly accepted: Accepted
}

/** From a contract that can run to the answer, as `execute` gives it. */
export async function submitAccepted(
  { caller, accepted, request }: AcceptedInput,
  deps: ExecuteDeps,
): Promise<ExecuteAnswer | Refusal> {
  const contract = traced(accepted.contract, deps)
  return answering(request, contract, deps, () => admit(caller.projectId, { ...accepted, contract }, deps))
}

export interface RefusedReplay extends Pick<ExecuteInput, 'caller' | 'sent' | 'request'> {
  readonly refused: Refusal
  /** None where the body said none. */
  readonly ctx: Contract['ctx'] | undefined
  readonly replayOf: JobId
}

/** Of a replay that could not be asked for now: the job that the same body began before, where there is one. */
export async function attachReplay(
  { caller, ctx, sent, request, refused, replayOf }: RefusedReplay,
  deps: ExecuteDeps,
): Promise<ExecuteAnswer | Refusal> {
  if (ctx === undefined) return refused
  const digest = requestDigest(sent, replayOf)
  const before = async () => (await registeredBefore(caller.projectId, { ctx }, digest, deps)) ?? refused
  return answering(request, { ctx }, deps, before)
}

/** A trace that comes by header alone is the job's as well; what the contract says comes first. */
function traced(contract: Contract, { trace, logger }: Pick<ExecuteDeps, 'trace' | 'logger'>): Contract {
  const { given } = trace
  const said = contract.ctx.trace_id
  if (given === null || said === given.traceId) return contract
  if (said === undefined) return { ...contract, ctx: { ...contract.ctx, trace_id: given.traceId } }
  logger.info({ ctx_trace_id: said }, 'traceparent names another trace than ctx.trace_id, which counts')
  return contract
}

async function answering(
  request: Request,
  { ctx }: Pick<Contract, 'ctx'>,
  deps: ExecuteDeps,
  registering: () => Promise<Registered | Refusal>,
): Promise<ExecuteAnswer | Refusal> {
  if (deps.stopping.aborted) return stoppingRefusal()
  const preferences = preferencesOf(request.headers.get('prefer'))
  if (preferences instanceof Refusal) return preferences
  const registered = await registering()
  if (registered instanceof Refusal) return registered
  const { id, isNew, warning } = registered
  const waitMs = preferences.waitSeconds * 1000
  if (waitMs > 0) await untilEnded(deps, (signal) => deps.hub.ended(id, waitMs, signal), request.signal)
  const row = await deps.store.job(id)
  if (row === null) throw new Error(`job ${id} was registered and is not in the store`)
  deps.trace.concerns(row, ctx.trace_id)
  const headers = {
    ...(isNew ? {} : { 'Forge-Attached': 'true' }),
    ...(preferences.applied === null ? {} : { 'Preference-Applied': preferences.applied }),
  }
  const view = await viewOfJob(row, deps, { ctx: ctxIdsOf(ctx), endedJustNow: isNew })
  const late = row.finishedAtMs === null ? (warning ?? null) : null
  return answer(row, late === null ? view : { ...view, warnings: [late] }, preferences, headers)
}

interface Registered {
  readonly id: JobId
  readonly isNew: boolean
  /** What its client should know of a new job that has not ended; null for nothing. */
  readonly warning?: string | null
}

async function register({ caller, body, sent }: ExecuteInput, deps: ExecuteDeps): Promise<Registered | Refusal> {
  const { projectId } = caller
  // Whoever attaches reads and writes nothing: the job did, or will, with its first sender's scopes.
  const barred = mayRegister(caller, body) ?? ignoredPolicy(body, sent)
  if (barred !== null) return (await registeredBefore(projectId, body, requestDigest(sent, null), deps)) ?? barred
  const resolved = await resolveReferences(body.args, projectId, deps)
  if (resolved instanceof Refusal) {
    return (await registeredBefore(projectId, body, requestDigest(sent, null), deps)) ?? resolved
  }
  const accepted = acceptContract(body, sent, resolved)
  if (!(accepted instanceof Refusal)) return admit(projectId, accepted, deps)
  return (await registeredBefore(projectId, body, requestDigest(sent, null), deps)) ?? accepted
}

async function admit(projectId: ProjectId, accepted: Accepted, deps: ExecuteDeps): Promise<Registered | Refusal> {
  const { contract } = accepted
  const { newUlid, randomBytes } = deps
  const job = newJob(accepted, projectId, { nowMs: deps.clock(), newUlid, randomBytes })
  const project = await knownProject(deps.store, projectId)
  if (project instanceof Refusal) return project
  const limits = limitsOf(project)
  const expected = expectedMs(accepted, projectId, deps.hub)
  const beyond =
    (await unknownPool(deps.store, projectId, contract)) ??
    beyondLimits(accepted, limits) ??
    (await beyondShortDeadlines(deps.store, projectId, accepted, limits, { nowMs: job.createdAtMs, expected }))
  if (beyond !== null) return (await registeredBefore(projectId, contract, job.requestDigest, deps)) ?? beyond
  const registered = await submit(job, limits, deps)
  if (registered instanceof Refusal) return registered
  const warning = lateWarning(accepted, expected)
  return registered.inserted ? { id: job.id, isNew: true, warning } : sameBody(registered.existing, job.requestDigest)
}

async function submit(job: NewJob, limits: ProjectLimits, { hub }: ExecuteDeps): Promise<InsertedJob | Refusal> {
  try {
    const registered = await hub.submitWithin(job, creditLimitsOf(limits), jobLimitsOf(limits))
    if ('tooMany' in registered) return tooManyJobs(registered)
    return 'over' in registered ? overCreditLimit(registered, job.createdAtMs) : registered
  } catch (error) {
    if (!(error instanceof ReferenceGone)) throw error
    return refusal('REFERENCE_NOT_FOUND', [{ path: error.path, message: 'it was deleted just now' }])
  }
}

/**
 * A job that is there already is attached to, whatever limit or scope would stand in the way of a new one, though the server
 * may run another kernel by now, and though what it refers to may have no name any more: references resolve once.
 */
async function registeredBefore(
  projectId: ProjectId,
  { ctx }: Pick<Contract, 'ctx'>,
  sent: JobRow['requestDigest'],
  { store }: ExecuteDeps,
): Promise<Registered | Refusal | null> {
  if (ctx.job_id === undefined) return null
  const row = await store.jobOfClient(projectId, ctx.job_id)
  return row === null ? null : sameBody(row, sent)
}

function sameBody({ id, clientJobId, requestDigest: before }: JobRow, sent: JobRow['requestDigest']) {
  if (before === sent) return { id, isNew: false }
  const detail = `ctx.job_id ${JSON.stringify(clientJobId)} belongs to job ${id}, whose body is another one.`
  return refuse('JOB_ID_REUSED', detail, { job_id: id })
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
