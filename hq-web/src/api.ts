// The one way from HQ to the server: typed calls by the paths of the OpenAPI document, refusals as `ApiProblem`, and
// server-sent events. The browser sends the session's cookie by itself; no script ever holds a key.
import type { components, paths } from './api.gen.ts'
import { words } from './words.ts'

export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]
export type Problem = Schema<'Problem'>

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never
}[keyof paths]
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer O> ? O : never
type Content<R> = R extends { content: { 'application/json': infer T } } ? T : never
type Good<R> = Content<R[keyof R & (200 | 201 | 202)]>
type Answer<P extends keyof paths, M extends Method> = Operation<P, M> extends { responses: infer R } ? Good<R> : never
type Body<P extends keyof paths, M extends Method> =
  Operation<P, M> extends { requestBody?: { content: { 'application/json': infer T } } } ? T : never

export interface Sent {
  /** Values of the `{names}` in the path. */
  readonly params?: Readonly<Record<string, string | number>>
  /** What is undefined or empty is left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Gets the headers of a good answer before its body. */
  readonly heard?: (headers: Headers) => void
  /** Reads a good answer in place of JSON.parse; may throw an {@link ApiProblem}. */
  readonly parse?: (text: string) => unknown
}

/** What the server refused, with its problem document; or that it could not be reached, with one of our own. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

export const get = <P extends PathsWith<'get'>>(path: P, sent: Sent = {}): Promise<Answer<P, 'get'>> =>
  call('GET', path, sent)

export const post = <P extends PathsWith<'post'>>(
  path: P,
  body: Body<P, 'post'> | undefined,
  sent: Sent = {},
): Promise<Answer<P, 'post'>> => call('POST', path, sent, body)

export const patch = <P extends PathsWith<'patch'>>(
  path: P,
  body: Body<P, 'patch'>,
  sent: Sent = {},
): Promise<Answer<P, 'patch'>> => call('PATCH', path, sent, body)

export const put = <P extends PathsWith<'put'>>(
  path: P,
  body: Body<P, 'put'>,
  sent: Sent = {},
): Promise<Answer<P, 'put'>> => call('PUT', path, sent, body)

/** Bytes as the body: a file as it is. */
export const upload = <P extends PathsWith<'put'>>(path: P, file: Blob, sent: Sent = {}): Promise<Answer<P, 'put'>> =>
  call('PUT', path, sent, file)

export const remove = (path: PathsWith<'delete'>, sent: Sent = {}): Promise<void> => call('DELETE', path, sent)

let onSignedOut: () => void = () => undefined

/** Called when the server says that the session has ended. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then
}

let asking = 0
let onAsking: (isAsking: boolean) => void = () => undefined

/** Called when the first of several questions is asked, and when the last is answered. */
export function whenAsking(then: (isAsking: boolean) => void): void {
  onAsking = then
}

async function call<T>(method: string, path: string, sent: Sent, body?: unknown): Promise<T> {
  if (asking++ === 0) onAsking(true)
  try {
    return await answered<T>(method, path, sent, body)
  } finally {
    if (--asking === 0) onAsking(false)
  }
}

async function answered<T>(method: string, path: string, sent: Sent, body?: unknown): Promise<T> {
  const { headers, signal, heard, parse = JSON.parse } = sent
  const response = await fetch(addressOf(path, sent), {
    method,
    headers: { ...typeOf(body), ...headers },
    ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw new ApiProblem(unreachable())
  })
  if (response.ok) heard?.(response.headers)
  if (response.status === 204) return undefined as T
  const text = await response.text()
  if (response.ok) return parse(text) as T
  if (response.status === 401 && path !== '/hq/session') onSignedOut()
  throw new ApiProblem(problemOf(text, response.status))
}

function typeOf(body: unknown): Readonly<Record<string, string>> {
  if (body === undefined) return {}
  return { 'content-type': body instanceof Blob ? body.type || 'application/octet-stream' : 'application/json' }
}

/** With its names filled in: what a link to download needs as well. */
export function addressOf(path: string, { params = {}, query = {} }: Sent = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  return search.size === 0 ? filled : `${filled}?${search}`
}

function problemOf(text: string, status: number): Problem {
  try {
    const read: unknown = JSON.parse(text)
    // A problem document of ours; a proxy in between would answer something else.
    if (typeof read === 'object' && read !== null && 'code' in read && 'detail' in read) return read as Problem
  } catch {
    // Said below.
  }
  return { ...unreachable(), status, detail: words.problem.notOurs(status) }
}

const unreachable = (): Problem => ({
  ok: false,
  type: 'about:blank',
  title: words.problem.unreachableTitle,
  status: 0,
  code: 'INTERNAL',
  retryable: true,
  detail: words.problem.unreachable,
})

/** How long until a stream that the server refused is asked for again. */
const AGAIN_MS = 10_000

/**
 * Follows server-sent events until the returned function is called; `heard` gets the data of each, parsed. A broken
 * connection is taken up again by the browser, a refused one after ten seconds, until `isOver` says that nothing comes; `lost` hears
 * of the one and the other.
 */
export function follow(
  address: string,
  names: readonly string[],
  heard: (name: string, data: unknown) => void,
  isOver: () => boolean = () => false,
  lost: (isLost: boolean) => void = () => undefined,
): () => void {
  let source: EventSource | null = null
  let again: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    source = new EventSource(address)
    for (const name of names) source.addEventListener(name, (event) => heard(name, JSON.parse(event.data)))
    source.addEventListener('open', () => lost(false))
    source.addEventListener('error', () => {
      lost(!isOver())
      if (source?.readyState !== EventSource.CLOSED || isOver()) return
      clearTimeout(again)
      again = setTimeout(open, AGAIN_MS)
    })
  }
  open()
  return () => {
    clearTimeout(again)
    source?.close()
  }
}
