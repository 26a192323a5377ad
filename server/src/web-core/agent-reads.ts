// How often agents' records may be read, by everybody together: the route has no key to count by, and each read costs a
// signature and some sums.
import { problem } from '@forge/shared/contract/problem.ts'
import { TokenBucket } from '../hub/edge/token-bucket.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

export interface AgentReads {
  /** Null: it may be read. */
  take(): Refusal | null
}

export function createAgentReads(): AgentReads {
  const rate = { perSecond: WEB_LIMITS.agentReadsPerSecond, burst: WEB_LIMITS.agentReadsBurst }
  const bucket = new TokenBucket(rate, performance.now())
  return {
    take() {
      if (bucket.take(performance.now())) return null
      const detail = `This server reads ${rate.perSecond} agents’ records a second; ask again in a second.`
      return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': '1' })
    },
  }
}
