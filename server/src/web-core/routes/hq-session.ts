// /hq/session: signing in to HQ with a key, who is signed in, and signing out. A browser then sends a cookie with every call
// of HQ’s pages, and no script ever sees the key again.
import { z } from 'zod'
import { scopeSchema, SCOPES } from '@forge/shared/contract/tenants.ts'
import type { RouteDeps } from '../deps.ts'
import { knownProject } from '../known-project.ts'
import { Refusal } from '../refusal.ts'
import { API_HEADERS } from '../reply.ts'
import { answered, route } from '../routing/route.ts'
import { crossSite, NO_COOKIE } from '../session-cookie.ts'
import type { SignedIn } from '../sessions.ts'
import { isoOf } from '../times.ts'

/** Longer than any key that we make or an operator would choose. */
const KEY_CHARACTERS_MAX = 512

const sessionSchema = z.strictObject({
  ok: z.literal(true),
  kind: z.enum(['admin', 'project']).describe('whose key it was: the operator’s token, or a project’s'),
  project: z.strictObject({ id: z.string(), name: z.string() }).nullable().describe('null for the operator'),
  scopes: z.array(scopeSchema).describe('of the key; none for the operator, who speaks for no project'),
  expires_at: z.iso.datetime(),
})
const PROBLEMS = ['UNAUTHENTICATED', 'FORBIDDEN'] as const
const COOKIE = { 'Set-Cookie': 'for this host, HTTPS (or this machine) and requests of the same site alone' }

export const hqSessionRoutes = [
  route({
    method: 'POST',
    path: '/hq/session',
    scope: 'public',
    tag: 'hq',
    operationId: 'signIn',
    summary: 'Sign in to HQ',
    description:
      'With a project’s key or the operator’s token. The cookie that comes back may what the key may, as long as the key may it, until the key expires, and twelve hours at most; it counts for requests of HQ’s own pages alone. A key in a header comes before it. Tries that fail are limited by address, by network and in all; a right key always signs in, up to a limit of its own.',
    body: z.strictObject({
      key: z.string().min(1).max(KEY_CHARACTERS_MAX).describe('`fpak_...` or FORGE_ADMIN_TOKEN'),
    }),
    responses: { 200: { description: 'Who is signed in.', schema: sessionSchema, headers: COOKIE } },
    problems: [...PROBLEMS, 'RATE_LIMITED'],
    examples: [{ summary: 'With a key that was revoked', body: { key: 'fpak_of_somebody_who_left' }, status: 401 }],
    async handle({ body, request }, deps) {
      // Else a page of somebody else could sign a person in as itself, and look at what is done then.
      const foreign = request.headers.has('sec-fetch-site') || request.headers.has('origin') ? crossSite(request) : null
      if (foreign !== null) return foreign
      const begun = await deps.sessions.begin(body.key.trim(), request, deps.signIns.right)
      if (begun instanceof Refusal) {
        if (begun.problem.code !== 'UNAUTHENTICATED') return begun
        const refused = deps.signIns.failed(deps.clientAddress) ?? begun
        // Neither what was tried nor from where: the proxy in front knows the latter.
        deps.logger.warn({ code: refused.problem.code }, 'somebody failed to sign in to HQ')
        return refused
      }
      const view = await sessionView(begun, deps)
      return view instanceof Refusal ? view : answered(200, view, { 'Set-Cookie': begun.cookie })
    },
  }),
  route({
    method: 'GET',
    path: '/hq/session',
    scope: 'public',
    tag: 'hq',
    operationId: 'getSession',
    summary: 'Who is signed in',
    description: 'By the cookie alone; 401 for nobody.',
    responses: { 200: { description: 'Who is signed in.', schema: sessionSchema } },
    problems: PROBLEMS,
    examples: [{ summary: 'Without a cookie', status: 401 }],
    async handle({ request }, deps) {
      const signedIn = await deps.sessions.of(request)
      if (signedIn instanceof Refusal) return signedIn
      const view = await sessionView(signedIn, deps)
      return view instanceof Refusal ? view : answered(200, view)
    },
  }),
  route({
    method: 'DELETE',
    path: '/hq/session',
    scope: 'public',
    tag: 'hq',
    operationId: 'signOut',
    summary: 'Sign out',
    description: 'The session ends for good, also where its cookie was copied. Nothing to end is no fault.',
    responses: { 204: { description: 'Nobody is signed in.', mediaTypes: [], headers: COOKIE } },
    problems: ['FORBIDDEN'],
    examples: [{ summary: 'Without a cookie', status: 204 }],
    async handle({ request }, { sessions }) {
      if (request.headers.has('cookie')) {
        const foreign = crossSite(request)
        if (foreign !== null) return foreign
        await sessions.end(request)
      }
      return new Response(null, { status: 204, headers: { ...API_HEADERS, 'Set-Cookie': NO_COOKIE } })
    },
  }),
]

type SessionView = z.input<typeof sessionSchema>

async function sessionView(
  { caller, expiresAtMs }: SignedIn,
  { store }: Pick<RouteDeps, 'store'>,
): Promise<SessionView | Refusal> {
  const expires_at = isoOf(expiresAtMs)
  if (caller.kind === 'admin') return { ok: true, kind: 'admin', project: null, scopes: [], expires_at }
  const project = await knownProject(store, caller.projectId)
  if (project instanceof Refusal) return project
  const scopes = SCOPES.filter((scope) => caller.scopes.has(scope))
  return { ok: true, kind: 'project', project: { id: project.id, name: project.name }, scopes, expires_at }
}
