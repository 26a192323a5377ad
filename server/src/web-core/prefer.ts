// The Prefer header (RFC 7240) as far as it matters here: `respond-async` and `wait`. Preferences that we do not know
// are passed over, as the RFC asks; what cannot be read at all is refused, since a client that asks to wait means it.
import { WEB_LIMITS } from './limits.ts'
import { refuse, type Refusal } from './refusal.ts'

export interface Preferences {
  /** How long the call waits for the job's end before it answers 202. */
  readonly waitSeconds: number
  /** 202 at once, even when the job has ended. */
  readonly async: boolean
  /** What to say in `Preference-Applied`; null when nothing was asked. */
  readonly applied: string | null
}

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+"
const VALUE = `(?:${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`
// Space is taken after each part and never before one, so that no text can be read in two ways.
const PARAMETER = `;[ \\t]*(?:${TOKEN}[ \\t]*(?:=[ \\t]*${VALUE}[ \\t]*)?)?`
const PREFERENCE = `(${TOKEN})[ \\t]*(?:=[ \\t]*(${VALUE})[ \\t]*)?(?:${PARAMETER})*`
const ELEMENT = new RegExp(`[ \\t]*(?:${PREFERENCE})?(?:,|$)`, 'y')

/** Several headers arrive joined by commas, as `Headers` gives them. */
export function preferencesOf(header: string | null): Preferences | Refusal {
  const sent = elementsOf(header ?? '')
  if (sent === null) {
    return refuse('BAD_PREFERENCE', 'The Prefer header is not a list of preferences such as: respond-async, wait=10.')
  }
  const async = sent.has('respond-async')
  const wait = sent.get('wait')
  if (wait === undefined) {
    if (async) return { waitSeconds: 0, async: true, applied: 'respond-async' }
    return { waitSeconds: WEB_LIMITS.waitSecondsDefault, async: false, applied: null }
  }
  if (!/^\d+$/.test(wait)) {
    return refuse('BAD_PREFERENCE', `wait is a whole number of seconds from 0 to ${WEB_LIMITS.waitSecondsMax}.`)
  }
  // RFC 7240, section 4.3: with both, the call waits that long for an answer and turns asynchronous afterwards.
  const waitSeconds = Math.min(Number(wait), WEB_LIMITS.waitSecondsMax)
  return { waitSeconds, async: false, applied: `${async ? 'respond-async, ' : ''}wait=${waitSeconds}` }
}

/** Names in lower case with their unquoted values; of a repeated name the first counts. Null: not a list. */
function elementsOf(header: string): Map<string, string> | null {
  const elements = new Map<string, string>()
  ELEMENT.lastIndex = 0
  while (ELEMENT.lastIndex < header.length) {
    const found = ELEMENT.exec(header)
    if (found === null) return null
    const [, name, value = ''] = found
    const key = name?.toLowerCase()
    if (key !== undefined && !elements.has(key)) elements.set(key, unquoted(value))
  }
  return elements
}

const unquoted = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
