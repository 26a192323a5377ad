// What the core decides of identities, made durable: exposures with what they void, releases, standings. Finished jobs that
// rest on the word of an exposed identity get a notice.
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../../logger.ts'
import type { QuarantinedIdentity, QuarantineRow, ShardWrites, Store } from '../../store/store.ts'
import type { HubCommand } from '../core/events.ts'
import { EXPOSED_ELSEWHERE } from '../core/exposure.ts'

export const NOTHING: ShardWrites = {
  submissions: [],
  partials: [],
  verdicts: [],
  voids: [],
  quarantines: [],
  releases: [],
  standings: [],
}

/** A job that was ending at an exposure has ended by then. */
const RECENT_MS = 10 * 60_000

type Exposure = Pick<QuarantineRow, 'identity' | 'number' | 'atMs'>

type Persist = <T>(what: string, write: () => Promise<T>) => Promise<T>

export interface IdentityRows {
  decided(writes: Extract<HubCommand, { type: 'write' }>['writes']): Promise<void>
  /** By another server, which knows nothing of jobs that ended here meanwhile. */
  exposedElsewhere(exposed: Pick<QuarantinedIdentity, 'identity' | 'lastAtMs'>): Promise<void>
  /** Until what was decided so far is durable. */
  settled(): Promise<void>
  /** What a server that died had no time to tell; jobs that were unfinished then, since when at most, may yet end. */
  resume(unfinishedSinceMs: number | null): Promise<void>
  /** Who was exposed while a job was ending is in its verdicts, and was looked for too early. */
  jobEnded(jobId: JobId): Promise<void>
}

export function createIdentityRows(
  store: Pick<Store, 'writeShards' | 'noticeFinished' | 'unnoticed' | 'markNoticed' | 'tookPart' | 'quarantines'>,
  persist: Persist,
  logger: Logger,
): IdentityRows {
  /** Identities that were exposed lately: when, and since when they are kept in mind. */
  const recent = new Map<Identity, { readonly atMs: number; readonly sinceMs: number }>()
  const writing = new Set<Promise<void>>()

  const notice = async (identity: Identity, atMs: number): Promise<void> => {
    const noticed = await persist('notices', () => store.noticeFinished(identity, EXPOSED_ELSEWHERE, atMs))
    if (noticed.length > 0) logger.warn({ identity, jobs: noticed.length }, 'finished jobs rest on an exposed identity')
  }

  /** Marked when it is done: until then the next start does it again. */
  const noticeAll = async ({ identity, number, atMs }: Exposure): Promise<void> => {
    await notice(identity, atMs)
    await persist('a mark', () => store.markNoticed({ identity, number }))
  }

  return {
    async decided({ voids = [], quarantines = [], releases = [], standings = [] }) {
      const atMs = Date.now()
      const dated = <Row extends object>(rows: readonly Row[]) => rows.map((row) => ({ ...row, atMs }))
      const writes = { voids, quarantines: dated(quarantines), releases: dated(releases), standings }
      for (const { identity, number, reason } of quarantines) {
        logger.warn({ identity, number, reason }, 'an identity is exposed, and may not work')
      }
      const write = persist('decisions', () => store.writeShards({ ...NOTHING, ...writes }))
      writing.add(write)
      try {
        await write
      } finally {
        writing.delete(write)
      }
      for (const { identity } of quarantines) recent.set(identity, { atMs, sinceMs: atMs })
      for (const { identity, number } of quarantines) await noticeAll({ identity, number, atMs })
    },
    async exposedElsewhere({ identity, lastAtMs: atMs }) {
      recent.set(identity, { atMs, sinceMs: Date.now() })
      await notice(identity, atMs)
    },
    async settled() {
      await Promise.allSettled(writing)
    },
    async resume(unfinishedSinceMs) {
      for (const exposure of await persist('what is to be noticed', () => store.unnoticed())) await noticeAll(exposure)
      if (unfinishedSinceMs === null) return
      const sinceMs = Date.now()
      for (const { identity, lastAtMs: atMs } of await persist('the quarantines', () => store.quarantines())) {
        if (atMs >= unfinishedSinceMs) recent.set(identity, { atMs, sinceMs })
      }
    },
    async jobEnded(jobId) {
      const nowMs = Date.now()
      for (const [identity, { sinceMs }] of recent) if (nowMs - sinceMs > RECENT_MS) recent.delete(identity)
      if (recent.size === 0) return
      for (const identity of await persist('who took part', () => store.tookPart(jobId, [...recent.keys()]))) {
        await notice(identity, recent.get(identity)?.atMs ?? nowMs)
      }
    },
  }
}
