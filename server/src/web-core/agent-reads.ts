// How often agents' records are read, by everybody together: the route has no key to count by, and a read costs some sums
// over all that an identity ever did. Those who ask while one is read share it, and who shows no key takes nothing. Looks at whose a
// node token is have limits of their own: they need no key, and must not take the records' from those who have one, nor
// anybody's looks from others: they are counted by address and network.
import type { Identity } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { TokenBucket } from '../hub/edge/token-bucket.ts'
import type { AgentRecord } from '../store/agent-record.ts'
import { WEB_LIMITS } from './limits.ts'
import { Budgets, placesOf, rateInWords, tooOften } from './place-budgets.ts'
import { Refusal } from './refusal.ts'

export interface AgentReads {
  /** Of an identity whose key was shown. Rejects as the store does. */
  record(identity: Identity): Promise<AgentRecord | Refusal>
  /** Counts a look at whose a node token is; null within the limits. `address` is empty where it is not known. */
  tokenLook(address: string): Refusal | null
}

export interface AgentReadOptions {
  /** False where one address stands for many people: behind a proxy that nobody named. They then share one budget. */
  readonly addressesDiffer: boolean
  /** Milliseconds that never go back. */
  readonly nowMs: () => number
}

export function createAgentReads(
  read: (identity: Identity) => Promise<AgentRecord>,
  { addressesDiffer, nowMs }: AgentReadOptions,
): AgentReads {
  const records = new TokenBucket(
    { perSecond: WEB_LIMITS.agentReadsPerSecond, burst: WEB_LIMITS.agentReadsBurst },
    nowMs(),
  )
  const underWay = new Map<Identity, Promise<AgentRecord>>()
  return {
    tokenLook: tokenLooks({ addressesDiffer, nowMs }),
    async record(identity) {
      const known = underWay.get(identity)
      if (known !== undefined) return known
      if (!records.take(nowMs())) return tooManyRecords()
      const record = read(identity).finally(() => underWay.delete(identity))
      underWay.set(identity, record)
      return record
    },
  }
}

function tooManyRecords(): Refusal {
  const detail = `This server reads ${WEB_LIMITS.agentReadsPerSecond} agents’ records a second; ask again in a second.`
  return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': '1' })
}

function tokenLooks({ addressesDiffer, nowMs }: AgentReadOptions): AgentReads['tokenLook'] {
  const unknown = new TokenBucket(WEB_LIMITS.tokenLooks, nowMs())
  const addresses = new Budgets(WEB_LIMITS.tokenLooksPerAddress, WEB_LIMITS.tokenLookPlacesMax)
  const networks = new Budgets(WEB_LIMITS.tokenLooksPerNetwork, WEB_LIMITS.tokenLookPlacesMax)
  return (address) => {
    const now = nowMs()
    const places = placesOf(address, addressesDiffer)
    const budgets =
      places === null
        ? [{ bucket: unknown, name: 'tokenLooks', whose: 'all whose address is not known' } as const]
        : ([
            { bucket: addresses.of(places.household, now), name: 'tokenLooksPerAddress', whose: 'an address' },
            { bucket: networks.of(places.network, now), name: 'tokenLooksPerNetwork', whose: 'a network' },
          ] as const)
    const over = budgets.find(({ bucket }) => bucket.waitMs(now) > 0)
    if (over !== undefined) {
      const { bucket, name, whose } = over
      const limit = `The limit ${name} lets ${whose} look at node tokens ${rateInWords(WEB_LIMITS[name])}`
      return tooOften(bucket.waitMs(now), (again) => `${limit}. ${again}.`)
    }
    for (const { bucket } of budgets) bucket.take(now)
    return null
  }
}
