// What stands beside the jobs: quarantines with their releases, and the notices of what was learned after an end.
import { z } from 'zod'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { noticeDigest } from '../store/event-data.ts'
import type { StoredRows } from '../store/stored-rows.ts'
import type { EventRow, IntegrityDetail, JobRow, NoticeRow } from '../store/store.ts'
import { grouped } from './grouped.ts'

export async function checkQuarantines(stored: Pick<StoredRows, 'quarantines' | 'releases'>): Promise<string[]> {
  const quarantines = grouped(await stored.quarantines(), ({ identity }) => identity)
  const problems: string[] = []
  for (const [identity, rows] of quarantines) {
    const gap = rows.findIndex(({ number }, place) => number !== place + 1)
    if (gap !== -1) problems.push(`identity ${identity}: its quarantine ${gap + 1} is missing`)
  }
  for (const { identity, number, atMs } of await stored.releases()) {
    const ended = quarantines.get(identity)?.find((row) => row.number === number)
    const which = `identity ${identity}: its release ${number}`
    if (ended === undefined) problems.push(`${which} ends no quarantine`)
    else if (atMs < ended.atMs) problems.push(`${which} is earlier than the quarantine that it ends`)
  }
  return problems
}

const detailSchema = z.strictObject({
  identity: z.string(),
  reason: z.string(),
  shards: z.int().positive(),
  ranges: z.array(z.strictObject({ first: z.int(), last: z.int() })).min(1),
  more: z.int().nonnegative(),
}) satisfies z.ZodType<Omit<IntegrityDetail, 'identity'>>

/** Each notice has its event, each such event its notice. */
export function checkNotices(job: JobRow, notices: readonly NoticeRow[], events: readonly EventRow[]): string[] {
  if (notices.length > 0 && job.state !== 'COMPLETED') return [`it has notices, and is ${job.state}`]
  const problems: string[] = []
  const told = events.filter(({ type }) => type === 'notice').map(({ data }) => data)
  for (const [place, { number, kind, identity, detail }] of notices.entries()) {
    if (number !== place) problems.push(`its notice ${place} is missing`)
    const digest = noticeDigest(detail)
    if (told[place] !== canonicalJson({ number, kind, digest }))
      problems.push(`its events do not tell of notice ${number}`)
    if (kind === 'integrity' ? identityIn(detail) !== identity : !isCreditNote(detail, identity))
      problems.push(`its notice ${number} cannot be read`)
  }
  if (told.length > notices.length) problems.push(`its events tell of ${told.length} notices, it has ${notices.length}`)
  return problems
}

export const creditNoteSchema = z.strictObject({ micro_credits: z.string().regex(/^[1-9]\d*$/), reason: z.string() })

/** That the ledger has the same is looked at with the ledger. */
function isCreditNote(detail: string, identity: NoticeRow['identity']): boolean {
  try {
    return identity === null && creditNoteSchema.safeParse(JSON.parse(detail)).success
  } catch {
    return false
  }
}

function identityIn(detail: string): string | undefined {
  try {
    return detailSchema.safeParse(JSON.parse(detail)).data?.identity
  } catch {
    return undefined
  }
}
