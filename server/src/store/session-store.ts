// Sessions in the store: who is signed in to HQ, as digests alone.
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { ActChain, Actor } from './acts.ts'

export interface SessionRow {
  /** Digest (domain `hq-session.v1`) of what the cookie says. */
  readonly hash: Digest
  /** Digest (domain `api-key.v1`) of the key or token that signed in: what it may, the session may, as long as it may. */
  readonly keyHash: Digest
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export interface SessionStore {
  /** Forgets what has expired by its beginning, and the oldest of the same key beyond `most`; `by` is whose act it is. */
  insertSession(
    session: SessionRow,
    most: number,
    by: { readonly chain: ActChain; readonly actor: Actor },
  ): Promise<void>
  /** Also one that has expired. */
  session(hash: Digest): Promise<SessionRow | null>
  deleteSession(hash: Digest): Promise<void>
}
