// One attempt over HTTP: looked up, connected to exactly what was looked at, sent, and the status read. Redirects are not
// followed, nothing that is answered is kept, and all of it has one time limit.
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { LookupFunction } from 'node:net'
import { SEND_LIMITS } from './limits.ts'
import type { Address } from './resolve.ts'
import type { Targets } from './targets.ts'

export interface Posted {
  /** What the receiver answered; null where it did not. */
  readonly status: number | null
  /** A sentence for the webhook's owner; null after a 2xx. */
  readonly error: string | null
}

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Never rejects. `attemptMs` is for the tests, which do not wait that long. */
export async function post(
  sent: Post,
  targets: Pick<Targets, 'find'>,
  closing: AbortSignal,
  attemptMs: number = SEND_LIMITS.attemptMs,
): Promise<Posted> {
  const time = AbortSignal.timeout(attemptMs)
  const over = AbortSignal.any([time, closing])
  try {
    const url = new URL(sent.url)
    const found = await unlessOver(targets.find(url, over), over)
    if ('refused' in found) return { status: null, error: `The address ${found.refused}.` }
    const status = await exchange(url, sent, found, over)
    if (status >= 200 && status < 300) return { status, error: null }
    const isRedirect = status >= 300 && status < 400
    return { status, error: `The receiver answered ${status}${isRedirect ? '; redirects are not followed' : ''}.` }
  } catch (error) {
    return { status: null, error: time.aborted ? TIMED_OUT : closing.aborted ? STOPPED : sentenceOf(error) }
  }
}

const TIMED_OUT = `There was no answer within ${SEND_LIMITS.attemptMs / 1_000} seconds.`
const STOPPED = 'The server stopped while it was being sent.'

function exchange(url: URL, { headers, body }: Post, to: readonly Address[], signal: AbortSignal): Promise<number> {
  const options: RequestOptions = {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Forge-Pool-Webhooks/1',
    },
    // A connection of its own: none is kept that a later attempt could take without being looked at.
    agent: false,
    lookup: pinnedTo(to),
    maxHeaderSize: SEND_LIMITS.answerHeaderBytesMax,
    signal,
  }
  return new Promise((resolve, reject) => {
    const made = url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options)
    let status: number | null = null
    // More than one may come, and an unheard error ends the process. Behind the status it does not matter any more.
    made.on('error', (error) => (status === null ? reject(error) : resolve(status)))
    made.once('response', (response) => {
      const answered = response.statusCode ?? 0
      status = answered
      void drained(response).then(() => resolve(answered))
    })
    // Also where neither came: Node closes what a receiver wants to upgrade without a word.
    made.once('close', () => (status === null ? reject(noAnswer()) : resolve(status)))
    made.end(body)
  })
}

const noAnswer = (): Error => Object.assign(new Error('closed without an answer'), { code: 'NO_ANSWER' })

/** Reads to the end, or to the bound. The status is known: what becomes of the rest does not matter. */
function drained(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > SEND_LIMITS.answerBytesMax) response.destroy()
    })
    response.on('error', () => resolve())
    response.once('close', () => resolve())
  })
}

/** Whatever name is asked for, these are its addresses. */
function pinnedTo(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses
    if (all === true) done(null, [...addresses])
    else if (first === undefined) done(new Error('there is no address'), '', 0)
    else done(null, first.address, first.family)
  }
}

/** With the code of the failure, and without the addresses that its message may have. */
function sentenceOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code'
  return `The receiver could not be reached (${code.slice(0, 60)}).`
}

function unlessOver<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('it took too long')), { once: true })
    work.then(resolve, reject)
  })
}
