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
/**
 * Of such a secret, matched at once: a token of megabytes is more than the engine of patterns can hold. What follows is matched
 * in its turn, to the token's end: the next secret may begin in the midst of it.
 */
const RUN_CHARACTERS_MAX = 4_096
/** How often a percent sign is escaped again before it is no longer taken for one. */
const PERCENT = '%(?:25){0,16}'

/** Where a secret is, and, of ours by their prefixes, what it goes on with. */
interface Patterns {
  readonly begin: RegExp
  readonly goOn: readonly RegExp[]
}

/** Numbers, and all else of a line that is no secret, stay as they were written: an integer may be beyond what a number holds. */
export function createStrikeOut(secrets: readonly string[]): (line: string) => string {
  const inLine = patternsOf(secrets, inJson)
  const inText = patternsOf(secrets, asIs)
  return (line) => {
    if (line.search(inLine.begin) === -1) return line
    // In the serialized line a letter may belong to an escape, as in "\nTK_": what is there stands in the texts alone.
    return isJson(line) ? struckJson(line, (text) => struck(text, inText)) : struck(line, inLine)
  }
}

function patternsOf(secrets: readonly string[], plain: (character: string) => string): Patterns {
  // What ends in base64's padding is as good a key without it.
  const known = secrets.map((secret) => spelt(secret.replace(/={1,2}$/, ''), plain))
  const runs = OURS.map(([, rest]) => `(?:${rest}|${PERCENT}[0-9a-f]{2}){1,${RUN_CHARACTERS_MAX}}`)
  const ours = OURS.map(([prefix], index) => `(?:${spelt(prefix, plain)})(${runs[index]})`)
  return { begin: new RegExp([...known, ...ours].join('|'), 'gi'), goOn: runs.map((run) => new RegExp(run, 'yi')) }
}

function struck(text: string, { begin, goOn }: Patterns): string {
  let left = ''
  let from = 0
  for (let found = matched(begin, text, 0); found !== null; found = matched(begin, text, from)) {
    const [all, ...ours] = found
    left += `${text.slice(from, found.index)}${/^(?:fpak|ntk|fphq|whsec)_/.exec(all)?.[0] ?? ''}${INSTEAD}`
    from = found.index + all.length
    const run = goOn[ours.findIndex((rest) => rest !== undefined)]
    if (run !== undefined) while (matched(run, text, from) !== null) from = run.lastIndex
  }
  return left + text.slice(from)
}

function matched(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from
  return pattern.exec(text)
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

/** Keys too, and numbers by their digits, which are texts then: a secret of the configuration may be one. */
function struckJson(line: string, strike: (text: string) => string): string {
  const text = (written: string): string => {
    const said: string = JSON.parse(written)
    const left = strike(said)
    return left === said ? written : JSON.stringify(left)
  }
  const number = (written: string): string => {
    const left = strike(written)
    return left === written ? written : JSON.stringify(left)
  }
  let left = ''
  let from = 0
  for (let begin = line.indexOf('"'); begin !== -1; begin = line.indexOf('"', from)) {
    left += line.slice(from, begin).replaceAll(NUMBER, number)
    from = endOfText(line, begin)
    left += text(line.slice(begin, from))
  }
  return left + line.slice(from).replaceAll(NUMBER, number)
}

const NUMBER = /-?\d[\d.e+-]*/gi

/** Behind the quotation mark that no backslash belongs to. */
function endOfText(line: string, begin: number): number {
  for (let end = line.indexOf('"', begin + 1); ; end = line.indexOf('"', end + 1)) {
    let backslashes = 0
    while (line[end - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
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
