// What the core decides of identities, made durable: exposures with what they void, releases, standings. Finished jobs that
// rest on the word of an exposed identity get a notice.
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { Logger } from '../../logger.ts'
import type { ShardWrites, Store } from '../../store/store.ts'
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

type Persist = <T>(what: string, write: () => Promise<T>) => Promise<T>

export interface IdentityRows {
  decided(writes: Extract<HubCommand, { type: 'write' }>['writes']): Promise<void>
  /** Until what was decided so far is durable. */
  settled(): Promise<void>
  /** Who was exposed while a job was ending is in its verdicts, and was looked for too early. */
  jobEnded(): Promise<void>
}

export function createIdentityRows(
  store: Pick<Store, 'writeShards' | 'noticeFinished'>,
  persist: Persist,
  logger: Logger,
): IdentityRows {
  /** Identities that were exposed lately, and when. */
  const recent = new Map<Identity, number>()
  const writing = new Set<Promise<void>>()

  const notice = async (identity: Identity, atMs: number): Promise<void> => {
    const noticed = await persist('notices', () => store.noticeFinished(identity, EXPOSED_ELSEWHERE, atMs))
    if (noticed.length > 0) logger.warn({ identity, jobs: noticed.length }, 'finished jobs rest on an exposed identity')
  }

  return {
    async decided({ voids = [], quarantines = [], releases = [], standings = [] }) {
      const atMs = Date.now()
      const dated = <Row extends object>(rows: readonly Row[]) => rows.map((row) => ({ ...row, atMs }))
      const writes = { voids, quarantines: dated(quarantines), releases: dated(releases), standings }
      const write = persist('decisions', () => store.writeShards({ ...NOTHING, ...writes }))
      writing.add(write)
      try {
        await write
      } finally {
        writing.delete(write)
      }
      for (const { identity } of quarantines) {
        recent.set(identity, atMs)
        await notice(identity, atMs)
      }
    },
    async settled() {
      await Promise.allSettled(writing)
    },
    async jobEnded() {
      const nowMs = Date.now()
      for (const [identity, atMs] of recent) {
        if (nowMs - atMs > RECENT_MS) recent.delete(identity)
        else await notice(identity, atMs)
      }
    },
  }
}
