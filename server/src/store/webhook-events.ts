// What webhooks are told, as it is written beside the change that it tells of. The id of an event follows from what happened,
// so that a transaction that is repeated, or a second server that notices the same, tells it once.
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import type { WebhookPayload } from '@forge/shared/contract/webhooks.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { rational, toNumber } from '@forge/shared/exact/rational.ts'
import type { End } from './event-data.ts'
import type { NoticeRow } from './store.ts'

/** An event with whom it is for. */
export interface Announcement {
  readonly id: string
  readonly projectId: ProjectId
  readonly atMs: number
  readonly payload: WebhookPayload
}

export interface ToldJob {
  readonly id: JobId
  readonly projectId: ProjectId
  readonly clientJobId: string | null
  readonly op: string | null
}

const creditsOf = (microCredits: bigint): number => toNumber(rational(microCredits, MICRO_PER_CREDIT))
const timestampOf = (atMs: number): string => new Date(atMs).toISOString()

const jobData = (job: ToldJob, microCredits: bigint) => ({
  project_id: job.projectId,
  job_id: job.id,
  client_job_id: job.clientJobId,
  op: job.op,
  credits: creditsOf(microCredits),
})

/** `microCredits`: what the project pays. */
export function jobEnded(job: ToldJob, end: End & { readonly finishedAtMs: number }, microCredits: bigint) {
  const timestamp = timestampOf(end.finishedAtMs)
  const data = { ...jobData(job, microCredits), link: `/api/v0/jobs/${job.id}` }
  const of = (payload: WebhookPayload): Announcement => ({
    id: `evt_${job.id}_${end.state.toLowerCase()}`,
    projectId: job.projectId,
    atMs: end.finishedAtMs,
    payload,
  })
  switch (end.state) {
    case 'COMPLETED':
      return of({ type: 'job.completed', timestamp, data: { ...data, state: end.state } })
    case 'FAILED':
      return of({ type: 'job.failed', timestamp, data: { ...data, state: end.state, problem: end.problem.code } })
    case 'CANCELLED':
      return of({ type: 'job.cancelled', timestamp, data: { ...data, state: end.state, problem: end.problem.code } })
  }
}

/** `microCredits`: what a credit note gives back; 0 of other notices. Only completed jobs have notices. */
export function jobNoticed(job: ToldJob, { number, kind, atMs }: NoticeRow, microCredits: bigint): Announcement {
  const link = `/api/v0/jobs/${job.id}/notices`
  const data = { ...jobData(job, microCredits), link, state: 'COMPLETED', kind, number } as const
  const payload = { type: 'job.notice', timestamp: timestampOf(atMs), data } as const
  return { id: `evt_${job.id}_notice_${number}`, projectId: job.projectId, atMs, payload }
}

/** Of the day, UTC, of that time. */
export function burnWarned(projectId: ProjectId, atMs: number, threshold: bigint, used: bigint): Announcement {
  const timestamp = timestampOf(atMs)
  const date = timestamp.slice(0, 10)
  const [threshold_credits, used_credits] = [creditsOf(threshold), creditsOf(used)]
  const data = { project_id: projectId, date, threshold_credits, used_credits, link: '/api/v0/usage' }
  const id = `evt_${projectId}_burn_${date.replaceAll('-', '')}_${threshold}`
  return { id, projectId, atMs, payload: { type: 'billing.burn_warning', timestamp, data } }
}

export function tested(projectId: ProjectId, webhookId: string, id: string, atMs: number): Announcement {
  const data = { project_id: projectId, webhook_id: webhookId, link: `/api/v0/webhooks/${webhookId}` }
  return { id, projectId, atMs, payload: { type: 'webhook.test', timestamp: timestampOf(atMs), data } }
}

export const deliveryOf = (webhookId: string, { id, projectId, atMs, payload }: Announcement) => ({
  webhookId,
  projectId,
  eventId: id,
  type: payload.type,
  body: canonicalJson(payload),
  createdAtMs: atMs,
  nextAtMs: atMs,
  status: 'pending' as const,
})
