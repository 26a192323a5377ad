// A project's requests as a token bucket, in integers: as many as a minute admits may come at once, and they come back
// evenly. A level counts requests times milliseconds, so that a millisecond adds exactly the requests per minute.
import type { TakenRequests } from './tenants.ts'

const MINUTE_MS = 60_000

export interface RequestBucket {
  /** Of one request: 60,000. */
  readonly level: number
  readonly atMs: number
}

/** `before` is null for a project that has not asked yet: its bucket is full. */
export function takenFrom(
  before: RequestBucket | null,
  { perMinute, asked, nowMs }: { readonly perMinute: number; readonly asked: number; readonly nowMs: number },
): { readonly bucket: RequestBucket; readonly taken: TakenRequests } {
  const full = perMinute * MINUTE_MS
  const sinceMs = before === null ? MINUTE_MS : nowMs - before.atMs
  // A clock that was set back by more than a minute would otherwise stop the project until it has caught up.
  const atMs = before !== null && sinceMs < 0 && sinceMs >= -MINUTE_MS ? before.atMs : nowMs
  const level = Math.min(full, (before?.level ?? 0) + Math.min(MINUTE_MS, Math.max(0, sinceMs)) * perMinute)
  const granted = Math.min(asked, Math.floor(level / MINUTE_MS))
  const rest = level - granted * MINUTE_MS
  const left = Math.floor(rest / MINUTE_MS)
  const nextInMs = left > 0 ? 0 : Math.ceil((MINUTE_MS - rest) / perMinute)
  return { bucket: { level: rest, atMs }, taken: { granted, left, nextInMs } }
}
