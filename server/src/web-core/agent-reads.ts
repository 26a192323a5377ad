// How often agents' records are read, by everybody together: the route has no key to count by, and a read costs some sums
// over all that an identity ever did. Those who ask while one is read share it, and who shows no key takes nothing.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { TokenBucket } from '../hub/edge/token-bucket.ts'
import type { AgentRecord } from '../store/agent-record.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

export interface AgentReads {
  /** Of an identity whose key was shown. Rejects as the store does. */
  record(identity: Identity): Promise<AgentRecord | Refusal>
}

export function createAgentReads(read: (identity: Identity) => Promise<AgentRecord>, nowMs: () => number): AgentReads {
  const rate = { perSecond: WEB_LIMITS.agentReadsPerSecond, burst: WEB_LIMITS.agentReadsBurst }
  const bucket = new TokenBucket(rate, nowMs())
  const underWay = new Map<Identity, Promise<AgentRecord>>()
  return {
    async record(identity) {
      const known = underWay.get(identity)
      if (known !== undefined) return known
      if (!bucket.take(nowMs())) {
        const detail = `This server reads ${rate.perSecond} agents’ records a second; ask again in a second.`
        return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': '1' })
      }
      const record = read(identity).finally(() => underWay.delete(identity))
      underWay.set(identity, record)
      return record
    },
  }
}
