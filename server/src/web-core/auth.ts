// Who is calling: a project's key or the operator's token, as `Authorization: Bearer` or `X-FORGE-API-KEY`, or a session of HQ
// that one of them began, and whether a route's scope admits it. The project comes from the key alone. Making and revoking
// keys is in routes/keys.ts, what a session is in sessions.ts.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { scopeSchema, SCOPES, type Scope } from '@forge/shared/contract/tenants.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Logger } from '../logger.ts'
import { OPERATOR_CHAIN, type ActChain, type Actor } from '../store/acts.ts'
import type { Store } from '../store/store.ts'
import type { ApiKeyRow } from '../store/tenants.ts'
import { hashOf, isMistyped, newCredential, sameDigest } from '../credentials.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal, refuse } from './refusal.ts'
import { crossSite, sessionOf, SIGNED_OUT } from './session-cookie.ts'

export interface ProjectCaller {
  readonly kind: 'project'
  readonly projectId: ProjectId
  /** Null for the key of the configuration, which no row has. */
  readonly keyId: string | null
  readonly scopes: ReadonlySet<Scope>
}
export interface AdminCaller {
  readonly kind: 'admin'
}
/** Who watches the server, and may do nothing else. */
export interface ScraperCaller {
  readonly kind: 'scraper'
}
export type Caller = ProjectCaller | AdminCaller | ScraperCaller

export interface AuthDeps {
  readonly store: Pick<Store, 'defaultProject' | 'apiKeyByHash' | 'touchApiKey' | 'session'>
  /** FORGE_API_KEY: compared in memory and never stored, so that changing it retires the old one. Every scope. */
  readonly configuredKey: string | null
  /** FORGE_ADMIN_TOKEN; null: there is no operator over HTTP. */
  readonly adminToken: string | null
  /** FORGE_METRICS_TOKEN; null: only the operator’s token reads the metrics. */
  readonly metricsToken: string | null
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly logger: Logger
}

/** `scope` is what is asked for: whoever says no key is told which one. */
export type Authenticate = (
  request: Pick<Request, 'headers' | 'method' | 'url'>,
  scope?: RouteScope,
) => Promise<Caller | Refusal>

export interface Auth {
  readonly authenticate: Authenticate
  /** Whom a key or token speaks for, wherever it was said. */
  readonly callerOf: (key: string) => Promise<Caller | Refusal>
}

export function createAuth(deps: AuthDeps): Auth {
  const { store, configuredKey, adminToken, metricsToken, clock, logger } = deps
  const configuredHash = configuredKey === null ? null : hashOf('key', configuredKey)
  const adminHash = adminToken === null ? null : hashOf('key', adminToken)
  const metricsHash = metricsToken === null ? null : hashOf('key', metricsToken)
  const touching = new Set<string>()

  /** Coarse, so that a busy key costs a write an hour, and never waited for. */
  const noteUse = ({ id, lastUsedAtMs }: ApiKeyRow, nowMs: number): void => {
    if (lastUsedAtMs !== null && nowMs - lastUsedAtMs < WEB_LIMITS.lastUseGrainMs) return
    if (touching.has(id)) return
    touching.add(id)
    store
      .touchApiKey(id, nowMs)
      .catch((error: unknown) => logger.warn({ err: error }, 'the last use of a key was not written'))
      .finally(() => touching.delete(id))
  }

  /** Null where nothing has that digest, or no longer. */
  const callerOfHash = async (hash: Digest): Promise<Caller | Refusal | null> => {
    if (adminHash !== null && sameDigest(hash, adminHash)) return { kind: 'admin' }
    if (metricsHash !== null && sameDigest(hash, metricsHash)) return { kind: 'scraper' }
    if (configuredHash !== null && sameDigest(hash, configuredHash)) {
      return { kind: 'project', projectId: await store.defaultProject(), keyId: null, scopes: new Set(SCOPES) }
    }
    const row = await store.apiKeyByHash(hash)
    if (row === null || !sameDigest(row.hash, hash) || row.revokedAtMs !== null) return null
    const nowMs = clock()
    if (row.expiresAtMs !== null && row.expiresAtMs <= nowMs) {
      return unauthenticated(`This key expired at ${new Date(row.expiresAtMs).toISOString()}; make a new one.`)
    }
    noteUse(row, nowMs)
    return { kind: 'project', projectId: row.projectId, keyId: row.id, scopes: new Set(scopesOf(row)) }
  }
  const callerOf = async (key: string) => (await callerOfHash(hashOf('key', key))) ?? unknown(key)

  /** The session may what its key may now: it is looked up with every request. */
  const callerOfSession = async (text: string): Promise<Caller | Refusal> => {
    const row = await store.session(hashOf('session', text))
    if (row === null || row.expiresAtMs <= clock()) return unauthenticated(SIGNED_OUT)
    const caller = await callerOfHash(row.keyHash)
    return caller === null || caller instanceof Refusal ? unauthenticated(SIGNED_OUT) : caller
  }

  const authenticate: Authenticate = async (request, scope) => {
    const key = keyOf(request.headers)
    if (key instanceof Refusal) return key
    if (key !== null) return callerOf(key)
    const session = sessionOf(request.headers)
    if (session === null) {
      return unauthenticated(wantedFor(scope))
    }
    return crossSite(request) ?? callerOfSession(session)
  }
  return { authenticate, callerOf }
}

type RouteScope = 'admin' | 'metrics' | 'public' | Scope

function wantedFor(scope: RouteScope | undefined): string {
  if (scope === 'metrics') {
    return 'Send FORGE_METRICS_TOKEN or FORGE_ADMIN_TOKEN as "Authorization: Bearer <token>" (in Prometheus: authorization.credentials). Where neither is set, the operator sets FORGE_METRICS_TOKEN and starts the server again.'
  }
  if (scope === 'admin') {
    return 'Send FORGE_ADMIN_TOKEN as "Authorization: Bearer <token>". Where it is not set there is no operator over HTTP: set it and start the server again.'
  }
  return 'Send the project’s key as "Authorization: Bearer <key>" or "X-FORGE-API-KEY: <key>".'
}

/** Null when the caller may. */
export function admits(scope: RouteScope, caller: Caller): Refusal | null {
  if (scope === 'public') return null
  if (scope === 'metrics') {
    if (caller.kind !== 'project') return null
    return refuse('FORBIDDEN', 'This is for who watches the server: send FORGE_METRICS_TOKEN or FORGE_ADMIN_TOKEN.')
  }
  if (scope === 'admin') {
    return caller.kind === 'admin' ? null : refuse('FORBIDDEN', 'This is for the operator: send FORGE_ADMIN_TOKEN.')
  }
  if (caller.kind === 'admin') {
    return refuse('FORBIDDEN', 'The operator’s token speaks for no project: send a project’s key.')
  }
  if (caller.kind === 'scraper') return refuse('FORBIDDEN', 'FORGE_METRICS_TOKEN reads /metrics and nothing else.')
  if (caller.scopes.has(scope)) return null
  return refuse('FORBIDDEN', `This key lacks the scope ${scope}; it has: ${[...caller.scopes].join(', ') || 'none'}.`)
}

/** As whom an act names the caller. */
export function actorOf(caller: ProjectCaller | AdminCaller): Actor {
  if (caller.kind === 'admin') return 'operator'
  return caller.keyId === null ? 'configured-key' : `key:${caller.keyId}`
}

/** Where the caller's own acts are told, such as signing in. */
export const chainOf = (caller: ProjectCaller | AdminCaller): ActChain =>
  caller.kind === 'admin' ? OPERATOR_CHAIN : caller.projectId

/** In the order of the list; a name of another version is passed over. */
export function scopesOf({ scopes }: Pick<ApiKeyRow, 'scopes'>): readonly Scope[] {
  if (scopes === '*') return SCOPES
  const names = scopes.split(' ').filter((name) => name !== '')
  return SCOPES.filter((scope) => names.some((name) => scopeSchema.safeParse(name).data === scope))
}

export interface FirstKeyDeps {
  readonly store: Pick<Store, 'defaultProject' | 'apiKeys' | 'insertApiKey'>
  readonly configuredKey: string | null
  readonly nowMs: number
  readonly newUlid: () => string
  readonly randomBytes: (count: number) => Uint8Array
}

/**
 * Makes the default project's key on the first start without FORGE_API_KEY, and returns it this one time; null when
 * there is one already. A key that was lost before anyone read it is replaced by starting with FORGE_API_KEY.
 */
export async function ensureApiKey(deps: FirstKeyDeps): Promise<string | null> {
  const { store, configuredKey, nowMs, newUlid, randomBytes } = deps
  const projectId = await store.defaultProject()
  if (configuredKey !== null || (await store.apiKeys(projectId, { after: null, limit: 1 })).length > 0) return null
  const { text, hash, prefix } = newCredential('key', randomBytes)
  const id = newUlid()
  const key = { id, projectId, name: 'first key', hash, prefix, scopes: '*', createdAtMs: nowMs }
  await store.insertApiKey({ ...key, expiresAtMs: null, revokedAtMs: null, lastUsedAtMs: null }, 1)
  return text
}

/**
 * All that is said must be one key: whoever sends a second one meant that, or their proxy did. `Basic` is passed over: with
 * it a proxy before us lets its people in, and no key of ours is said so. No key has a space in it.
 */
function keyOf(headers: Headers): string | Refusal | null {
  const lines = (headers.get('authorization') ?? '').split(/ *, *(?=(?:Bearer|Basic) )/i)
  const said = lines.filter((line) => line.trim() !== '' && !/^Basic\b/i.test(line))
  const own = (headers.get('x-forge-api-key') ?? '').split(/, +/).flatMap((line) => line.trim() || [])
  const keys = new Set([...said.map((line) => /^Bearer +(\S+) *$/i.exec(line)?.[1] ?? null), ...own])
  if (keys.size > 1) {
    return refuse(
      'CONFLICTING_CREDENTIALS',
      'Authorization and X-FORGE-API-KEY together say something else than one key; send "Authorization: Bearer <key>" or "X-FORGE-API-KEY: <key>", or the same key in both.',
    )
  }
  const [only = null] = keys
  return only
}

/** A revoked key and an unknown one answer alike. */
function unknown(key: string): Refusal {
  if (key.startsWith('ntk_')) {
    return unauthenticated('This is a node token, which an agent says; requests need a project’s key (fpak_...).')
  }
  return unauthenticated(
    isMistyped(key)
      ? 'The key is mistyped: its last eight characters do not fit the rest.'
      : 'This key is not known here, or it was revoked.',
  )
}

export function unauthenticated(detail: string): Refusal {
  return new Refusal(refuse('UNAUTHENTICATED', detail).problem, { 'WWW-Authenticate': 'Bearer' })
}
