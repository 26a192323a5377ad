// A small tokenizer for AssemblyScript, TypeScript and WGSL alike: enough to find what can be mutated and never to touch a
// comment or a string. No parser of a library reads all three, and WGSL's would be a third one to trust.

export interface Token {
  readonly kind: 'word' | 'number' | 'mark' | 'text'
  readonly text: string
  readonly start: number
  readonly end: number
  /** Counted from 0. */
  readonly line: number
  /** A space or a line's end on both sides: an operator of two operands, as our formatting has it, and no type's bracket. */
  readonly spaced: boolean
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const WORD = /[A-Za-z_$@#][\w$]*/y
const NUMBER = /(?:0x[\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)[niuf]?/iy
/** The longest first. */
const MARK =
  />>>=|\.\.\.|===|!==|>>>|<<=|>>=|\*\*=|&&=|\|\|=|\?\?=|=>|->|==|!=|<=|>=|&&|\|\||\?\?|\?\.|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[^\s\w]/y

export function tokensOf(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let line = 0
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0] ?? null
  }
  while (at < source.length) {
    const space = match(/\s+/y) ?? match(COMMENT)
    if (space !== null) {
      at += space.length
      line += space.split('\n').length - 1
      continue
    }
    const [kind, text] = next(source, at, match)
    const end = at + text.length
    const spaced = /\s/.test(source[at - 1] ?? ' ') && /\s/.test(source[end] ?? ' ')
    tokens.push({ kind, text, start: at, end, line, spaced })
    line += text.split('\n').length - 1
    at = end
  }
  return tokens
}

function next(source: string, at: number, match: (pattern: RegExp) => string | null): [Token['kind'], string] {
  const first = source[at] ?? ''
  if (first === "'" || first === '"' || first === '`') return ['text', source.slice(at, endOfText(source, at))]
  const number = match(NUMBER)
  if (number !== null) return ['number', number]
  const word = match(WORD)
  if (word !== null) return ['word', word]
  return ['mark', match(MARK) ?? first]
}

/** A template's expressions belong to its text: they only make sentences. */
function endOfText(source: string, start: number): number {
  const quote = source[start]
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === quote) return at + 1
  }
  return source.length
}

const OPENING = '([{'
const CLOSING = ')]}'
/** How a token changes the depth of brackets. */
export const depthOf = ({ kind, text }: Token): number =>
  kind !== 'mark' ? 0 : OPENING.includes(text) ? 1 : CLOSING.includes(text) ? -1 : 0

/** The index of the bracket that closes the one at `open`. */
export function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    const token = tokens[i]
    if (token === undefined) break
    depth += depthOf(token)
    if (depth === 0) return i
  }
  throw new Error('the source has a bracket that is not closed')
}
