// Takes secrets out of a line of the log, wherever in it they stand: people put keys into addresses, into trace ids, and into
// texts that nobody thinks of. Known secrets are those of the configuration; ours are known by their prefixes. A character
// counts as itself and as a percent escape, of either case and escaped once more: an address is logged as it came.

const INSTEAD = '[not logged]'

/** A project's key, a node token, a session of HQ, and what signs webhooks, which is base64. */
const OURS: readonly (readonly [prefix: string, rest: string])[] = [
  ['fpak_', String.raw`\w`],
  ['ntk_', String.raw`\w`],
  ['fphq_', String.raw`\w`],
  ['whsec_', String.raw`[\w+/=-]`],
]
/** Far beyond the longest of ours. Without a limit, a token of megabytes is more than the engine of patterns can hold. */
const REST_CHARACTERS_MAX = 4_096
/** How often a percent sign is escaped again before it is no longer taken for one. */
const PERCENT = '%(?:25){0,16}'

export function createStrikeOut(secrets: readonly string[]): (line: string) => string {
  const inLine = patternOf(secrets, inJson)
  const inText = patternOf(secrets, asIs)
  return (line) => {
    if (line.search(inLine) === -1) return line
    // In the serialized line a letter may belong to an escape, as in "\nTK_": what is there stands in the texts alone.
    const value = parsed(line)
    if (value === undefined) return struck(line, inLine)
    return JSON.stringify(everyText(value, (text) => struck(text, inText))) + (line.endsWith('\n') ? '\n' : '')
  }
}

function patternOf(secrets: readonly string[], plain: (character: string) => string): RegExp {
  // What ends in base64's padding is as good a key without it.
  const known = secrets.map((secret) => spelt(secret.replace(/={1,2}$/, ''), plain))
  const ours = OURS.map(
    ([prefix, rest]) => `(?:${spelt(prefix, plain)})(?:${rest}|${PERCENT}[0-9a-f]{2}){1,${REST_CHARACTERS_MAX}}`,
  )
  return new RegExp([...known, ...ours].join('|'), 'gi')
}

const struck = (text: string, pattern: RegExp): string =>
  text.replaceAll(pattern, (found) => `${/^(?:fpak|ntk|fphq|whsec)_/.exec(found)?.[0] ?? ''}${INSTEAD}`)

/** Undefined for what is no JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Keys too, and numbers by their digits: a secret of the configuration may be one. */
function everyText(value: unknown, strike: (text: string) => string): unknown {
  if (typeof value === 'string') return strike(value)
  if (typeof value === 'number') {
    const text = strike(String(value))
    return text.includes(INSTEAD) ? text : value
  }
  if (Array.isArray(value)) return value.map((item) => everyText(item, strike))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [strike(key), everyText(item, strike)]))
}

/** As a pattern: each character percent-escaped, which a percent sign seems to be as well, or plain. */
function spelt(text: string, plain: (character: string) => string): string {
  return [...text].map((character) => `(?:${escaped(character)}|${plain(character)})`).join('')
}

const asIs = (text: string): string => text.replaceAll(/[^\w\s]/g, String.raw`\$&`)
/** As JSON has it in a text. */
const inJson = (character: string): string => asIs(JSON.stringify(character).slice(1, -1))

const escaped = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `${PERCENT}${byte.toString(16).padStart(2, '0')}`).join('')
