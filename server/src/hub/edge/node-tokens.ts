// Who an agent with a node token is, and for how long: a token is looked up when it is said, and those that are in use are
// looked at again and again, so that a revocation on any server ends the connections on all of them within seconds.
import type { Refusal } from '@forge/shared/contract/agent-events.ts'
import type { SessionId } from '@forge/shared/contract/ids.ts'
import { hashOf, isMistyped, sameDigest } from '../../credentials.ts'
import type { Logger } from '../../logger.ts'
import type { TenantStore } from '../../store/tenants.ts'
import type { AgentToken } from '../core/state.ts'
import { refusal } from './frames.ts'
import { GATEWAY_LIMITS } from './limits.ts'

export interface TokenHolder extends AgentToken {
  readonly tokenId: string
}

export interface NodeTokens {
  /** Never rejects. */
  holderOf(text: string): Promise<TokenHolder | Refusal>
  /** Those of the tokens that let nobody in any more. */
  ended(ids: readonly string[]): Promise<ReadonlySet<string>>
}

export const isNodeToken = (text: string): boolean => text.startsWith('ntk_')

export function createNodeTokens(
  store: Pick<TenantStore, 'nodeTokenByHash' | 'endedNodeTokens'>,
  logger: Logger,
  /** Milliseconds since 1970. */
  clock: () => number = Date.now,
): NodeTokens {
  const look = async (text: string): Promise<TokenHolder | Refusal> => {
    if (isMistyped(text)) return badToken(MISTYPED)
    const hash = hashOf('token', text)
    const row = await store.nodeTokenByHash(hash)
    if (row === null || !sameDigest(row.hash, hash)) return badToken('This token is not one that the server knows.')
    if (row.revokedAtMs !== null) return badToken('This node token was revoked; ask for another one.')
    if (row.expiresAtMs !== null && row.expiresAtMs <= clock()) {
      return badToken(`This node token expired at ${new Date(row.expiresAtMs).toISOString()}; ask for another one.`)
    }
    const { id: tokenId, projectId: owner, pool, region, trusted, madeByOperator } = row
    return { tokenId, owner, pool, region, trusted, madeByOperator }
  }
  return {
    async holderOf(text) {
      try {
        return await look(text)
      } catch (error) {
        logger.error({ err: error }, 'a node token could not be looked up')
        return refusal('SERVER_STOPPING', 'The server cannot look at the token now; come again.')
      }
    },
    ended: async (ids) => new Set(await store.endedNodeTokens(ids, clock())),
  }
}

/** Why a token is none that could be known, which its own characters tell; null where the store has to be asked. */
export const mistyped = (text: string): string | null => (isMistyped(text) ? MISTYPED : null)

const MISTYPED = 'The token is mistyped: its last eight characters do not fit the rest.'

const badToken = (message: string): Refusal => refusal('BAD_TOKEN', message)

/** The sessions that came with a token, and who of them must go. */
export class TokenWatch {
  readonly #tokens: Pick<NodeTokens, 'ended'>
  readonly #held = new Map<SessionId, string>()
  readonly #expel: (session: SessionId, why: Refusal) => void
  readonly #logger: Logger
  readonly #timer: ReturnType<typeof setInterval>

  constructor(
    tokens: Pick<NodeTokens, 'ended'>,
    { expel, logger }: { readonly expel: (session: SessionId, why: Refusal) => void; readonly logger: Logger },
  ) {
    this.#tokens = tokens
    this.#expel = expel
    this.#logger = logger
    this.#timer = setInterval(() => void this.look(), GATEWAY_LIMITS.tokenLookMs).unref()
  }

  entered(session: SessionId, tokenId: string): void {
    this.#held.set(session, tokenId)
  }

  left(session: SessionId): void {
    this.#held.delete(session)
  }

  /** Never rejects: a store that does not answer is asked again at the next look. */
  async look(): Promise<void> {
    if (this.#held.size === 0) return
    try {
      const ended = await this.#tokens.ended([...new Set(this.#held.values())])
      for (const [session, tokenId] of this.#held) {
        if (ended.has(tokenId))
          this.#expel(session, badToken('The node token of this agent was revoked or has expired.'))
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'the node tokens in use could not be looked at')
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
