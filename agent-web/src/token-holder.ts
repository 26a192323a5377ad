// For which pool this tab's node token is: asked before Start, so that whoever was sent a link sees what the tab would work for.
import type { TokenHolderView } from '@forge/shared/contract/agent-record.ts'

export type TokenHolder =
  | Pick<TokenHolderView, 'pool'>
  | { readonly refused: string }
  /** Asked too often, by whomever: not before then. */
  | { readonly againMs: number }

const WAIT_S = { least: 1, standard: 60, most: 3600 }

type Fetch = (path: string, init: RequestInit) => Promise<Response>

/**
 * Undefined where the pool does not answer now; it is asked again. The token goes in the body, for addresses are written
 * down. `nowMs`, and the time to ask again, are milliseconds since 1970.
 */
export async function tokenHolder(token: string, fetch: Fetch, nowMs: () => number): Promise<TokenHolder | undefined> {
  try {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch('/agent/token', { method: 'POST', headers, body: JSON.stringify({ token }) })
    // Of the same build as this page.
    if (response.ok) return (await response.json()) as TokenHolderView
    if (response.status === 429) return { againMs: nowMs() + 1000 * waitOf(response.headers.get('Retry-After')) }
    if (response.status !== 401) return undefined
    const { detail }: { detail?: unknown } = await response.json()
    return { refused: String(detail) }
  } catch {
    return undefined
  }
}

/** Seconds, as this server says them. */
function waitOf(retryAfter: string | null): number {
  const seconds = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : WAIT_S.standard
  return Math.min(WAIT_S.most, Math.max(WAIT_S.least, seconds))
}
