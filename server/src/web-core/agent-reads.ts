// How often agents' records are read, by everybody together: the route has no key to count by, and a read costs some sums
// over all that an identity ever did. Those who ask while one is read share it, and who shows no key takes nothing. Looks at whose a
// node token is count with them.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { TokenBucket } from '../hub/edge/token-bucket.ts'
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
  const rate = { perSecond: WEB_LIMITS.agentReadsPerSecond, burst: WEB_LIMITS.agentReadsBurst }
  const bucket = new TokenBucket(rate, nowMs())
  const underWay = new Map<Identity, Promise<AgentRecord>>()
  const taken = (): Refusal | null => {
    if (bucket.take(nowMs())) return null
    const detail = `This server answers ${rate.perSecond} such questions of agents a second; ask again in a second.`
    return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': '1' })
  }
  return {
    tokenLook: taken,
    async record(identity) {
      const known = underWay.get(identity)
      if (known !== undefined) return known
      const refused = taken()
      if (refused !== null) return refused
      const record = read(identity).finally(() => underWay.delete(identity))
      underWay.set(identity, record)
      return record
    },
  }
}
