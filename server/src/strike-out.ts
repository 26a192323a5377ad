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

export function createStrikeOut(secrets: readonly string[]): (line: string) => string {
  // What ends in base64's padding is as good a key without it.
  const known = secrets.map((secret) => spelt(secret.replace(/={1,2}$/, '')))
  const ours = OURS.map(([prefix, rest]) => `(?:${spelt(prefix)})(?:${rest}|%(?:25)*[0-9a-f]{2})+`)
  const pattern = new RegExp([...known, ...ours].join('|'), 'gi')
  return (line) =>
    line.replaceAll(pattern, (found) => `${/^(?:fpak|ntk|fphq|whsec)_/.exec(found)?.[0] ?? ''}${INSTEAD}`)
}

/** As a pattern: each character percent-escaped, which a percent sign seems to be as well, or plain, as JSON has it in a text. */
function spelt(text: string): string {
  return [...text].map((character) => `(?:${escaped(character)}|${plain(character)})`).join('')
}

const plain = (character: string): string =>
  JSON.stringify(character)
    .slice(1, -1)
    .replaceAll(/[^\w\s]/g, String.raw`\$&`)

const escaped = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%(?:25)*${byte.toString(16).padStart(2, '0')}`).join('')
