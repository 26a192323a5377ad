// How often agents' records are read, by everybody together: the route has no key to count by, and a read costs some sums
// over all that an identity ever did. Those who ask while one is read share it, and who shows no key takes nothing. Looks at whose a
// node token is have a limit of their own: they need no key, and must not take the records' from those who have one.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { TokenBucket, type Rate } from '../hub/edge/token-bucket.ts'
import type { AgentRecord } from '../store/agent-record.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'

export interface AgentReads {
  /** Of an identity whose key was shown. Rejects as the store does. */
  record(identity: Identity): Promise<AgentRecord | Refusal>
  /** Counts a look at whose a node token is; null within the limit. */
  tokenLook(): Refusal | null
}

export function createAgentReads(read: (identity: Identity) => Promise<AgentRecord>, nowMs: () => number): AgentReads {
  const records = { perSecond: WEB_LIMITS.agentReadsPerSecond, burst: WEB_LIMITS.agentReadsBurst }
  const looks = { perSecond: WEB_LIMITS.tokenLooksPerSecond, burst: WEB_LIMITS.tokenLooksBurst }
  const taking = (rate: Rate, what: string): (() => Refusal | null) => {
    const bucket = new TokenBucket(rate, nowMs())
    const detail = `This server reads ${rate.perSecond} ${what} a second; ask again in a second.`
    return () => (bucket.take(nowMs()) ? null : new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': '1' }))
  }
  const takeRecord = taking(records, 'agents’ records')
  const underWay = new Map<Identity, Promise<AgentRecord>>()
  return {
    tokenLook: taking(looks, 'node tokens’ owners'),
    async record(identity) {
      const known = underWay.get(identity)
      if (known !== undefined) return known
      const refused = takeRecord()
      if (refused !== null) return refused
      const record = read(identity).finally(() => underWay.delete(identity))
      underWay.set(identity, record)
      return record
    },
  }
}
