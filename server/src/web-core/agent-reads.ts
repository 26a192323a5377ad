// How often agents' records are read, by everybody together: the route has no key to count by, and a read costs some sums
// over all that an identity ever did. So one that was just read is told again, and who shows no key takes nothing.
import { LRUCache } from 'lru-cache'
import type { Identity } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { TokenBucket } from '../hub/edge/token-bucket.ts'
import type { AgentRecord } from '../store/agent-record.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

export interface AgentReads {
  /** Of an identity whose key was shown; a few seconds old at most. Rejects as the store does. */
  record(identity: Identity): Promise<AgentRecord | Refusal>
}

export function createAgentReads(read: (identity: Identity) => Promise<AgentRecord>, nowMs: () => number): AgentReads {
  const rate = { perSecond: WEB_LIMITS.agentReadsPerSecond, burst: WEB_LIMITS.agentReadsBurst }
  const bucket = new TokenBucket(rate, nowMs())
  // Promises, so that those who ask at once share one read.
  const recent = new LRUCache<Identity, { readonly untilMs: number; readonly record: Promise<AgentRecord> }>({
    max: WEB_LIMITS.agentRecordsKeptMax,
  })
  return {
    async record(identity) {
      const known = recent.get(identity)
      if (known !== undefined && nowMs() < known.untilMs) return known.record
      if (!bucket.take(nowMs())) {
        const detail = `This server reads ${rate.perSecond} agents’ records a second; ask again in a second.`
        return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': '1' })
      }
      const record = read(identity)
      recent.set(identity, { untilMs: nowMs() + WEB_LIMITS.agentRecordMs, record })
      try {
        return await record
      } catch (error) {
        recent.delete(identity)
        throw error
      }
    },
  }
}
