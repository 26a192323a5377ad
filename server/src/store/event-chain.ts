// The hash chain of a job's events: each hash is of all that its event says and of the hash before it, so that nothing in
// the middle can be changed, left out or put in without changing all that follows.
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { digestOfJson } from '@forge/shared/exact/digest.ts'
import type { EventRow, EventType } from './store.ts'

export interface NewEvent {
  readonly jobId: EventRow['jobId']
  readonly atMs: number
  readonly type: EventType
  readonly data: object
}

/** The event behind `last`; behind null it is the first. */
export function linked(event: NewEvent, last: Pick<EventRow, 'number' | 'hash'> | null): EventRow {
  const { jobId, atMs, type } = event
  const number = (last?.number ?? -1) + 1
  const link = { jobId, number, atMs, type, data: canonicalJson(event.data), previous: last?.hash ?? null }
  return { ...link, hash: eventHash(link) }
}

/** Throws when the data are not JSON. */
export function eventHash({ jobId, number, atMs, type, data, previous }: Omit<EventRow, 'hash'>): EventRow['hash'] {
  return digestOfJson('event.v1', { job_id: jobId, number, at_ms: atMs, type, data: JSON.parse(data), previous })
}
