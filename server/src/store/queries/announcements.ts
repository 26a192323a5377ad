// The outbox: what happened is put beside it for every webhook that asked, in the same transaction, so that no end of a
// server comes between the two.
import { eventTypesOf } from './webhooks.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { and, inArray, isNull } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { isAnyOf, perHandle, textArray } from '../prepared.ts'
import { jobs } from '../schema.ts'
import type { CreditNoteDetail, NoticeRow } from '../store.ts'
import { deliveryOf, jobNoticed, type Announcement } from '../webhook-events.ts'
import { webhookDeliveries, webhooks } from '../webhook-schema.ts'

/** An event that was announced before is not announced again. */
export async function announce(db: Db, announcements: readonly Announcement[]): Promise<void> {
  if (announcements.length === 0) return
  const projectIds = [...new Set(announcements.map(({ projectId }) => projectId))]
  await announceTo(db, await listeningTo(db, projectIds), announcements)
}

/** The webhooks of these projects. Locked, so that none is deleted before it is told: its end must not be a job's. */
export const listeningTo = (db: Db, projectIds: readonly ProjectId[]) =>
  listening(db).execute({ projectIds: textArray(projectIds) })

const listening = perHandle((db) =>
  db
    .select({ id: webhooks.id, projectId: webhooks.projectId, events: webhooks.events })
    .from(webhooks)
    .where(and(isAnyOf(webhooks.projectId, 'projectIds'), isNull(webhooks.disabledReason)))
    .orderBy(webhooks.id)
    .for('key share')
    .prepare('webhooks_listening'),
)

/** As `announce`, to those that are known to listen. */
export async function announceTo(
  db: Db,
  hooks: Awaited<ReturnType<typeof listeningTo>>,
  announcements: readonly Announcement[],
): Promise<void> {
  const rows = hooks.flatMap((hook) =>
    announcements
      .filter(({ projectId, payload }) => projectId === hook.projectId && eventTypesOf(hook).includes(payload.type))
      .map((announcement) => deliveryOf(hook.id, announcement)),
  )
  if (rows.length > 0) await db.insert(webhookDeliveries).values(rows).onConflictDoNothing()
}

/** In the transaction that writes the notices. */
export async function announceNotices(db: Db, added: readonly NoticeRow[]): Promise<void> {
  const rows = await db
    .select({ id: jobs.id, projectId: jobs.projectId, clientJobId: jobs.clientJobId, op: jobs.op })
    .from(jobs)
    .where(inArray(jobs.id, [...new Set(added.map(({ jobId }) => jobId))]))
  const known = new Map<JobId, (typeof rows)[number]>(rows.map((row) => [row.id, row]))
  await announce(
    db,
    added.flatMap((notice) => {
      const job = known.get(notice.jobId)
      return job === undefined ? [] : [jobNoticed(job, notice, givenBack(notice))]
    }),
  )
}

function givenBack({ kind, detail }: NoticeRow): bigint {
  if (kind !== 'credit-note') return 0n
  const { micro_credits }: CreditNoteDetail = JSON.parse(detail)
  return BigInt(micro_credits)
}
