// What a mutation changes: constants, shifts, comparisons and operators, branches, arms, statements. Syntax is all that
// it knows; what does not compile is killed by the compiler and counted apart.
import { closing, depthOf, tokensOf, type Token } from './tokens.ts'

export type Change = readonly [start: number, end: number, replacement: string]

export function changesOf(source: string): Change[] {
  const tokens = tokensOf(source)
  return [...[...tokens.keys()].flatMap((at) => changesAt(source, tokens, at)), ...deletions(source, tokens)]
}

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '==': ['!='],
  '!=': ['=='],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['+'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '&&': ['||'],
  '||': ['&&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['>>'],
  '+=': ['-='],
  '-=': ['+='],
  '|=': ['&='],
}

/** Functions and, after a dot, instructions of vectors. */
const CALLS: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  clz: 'ctz',
  countLeadingZeros: 'countTrailingZeros',
  atomicMax: 'atomicMin',
  all: 'any',
  any: 'all',
  min_u: 'max_u',
  max_u: 'min_u',
  lt_s: 'le_s',
  lt_u: 'le_u',
  gt_s: 'ge_s',
  gt_u: 'ge_u',
  eq: 'ne',
  ne: 'eq',
  add: 'sub',
  sub: 'add',
  and: 'or',
  or: 'and',
  xor: 'and',
  andnot: 'and',
  shl: 'shr_u',
  shr_u: 'shl',
  shr_s: 'shr_u',
}
/** In TypeScript a bare `min` is a function of the file itself, mutated where it stands. */
const ONLY_METHODS = new Set(['add', 'sub', 'and', 'or', 'eq', 'ne'])

function changesAt(source: string, tokens: readonly Token[], at: number): Change[] {
  const token = tokens[at]
  if (token === undefined) return []
  const { kind, text, start, end, spaced } = token
  const [previous, followed] = [tokens[at - 1]?.text ?? '', tokens[at + 1]?.text ?? '']
  if (kind === 'number') return numbers(text, previous).map((other) => [start, end, other])
  if (kind === 'mark' && spaced) {
    return [...(OPERATORS[text] ?? []).map((other): Change => [start, end, other]), ...arms(source, tokens, at)]
  }
  if (kind !== 'word') return []
  if (text === 'true' || text === 'false') return [[start, end, text === 'true' ? 'false' : 'true']]
  if (text === 'if' && followed === '(') return branches(tokens, at + 1)
  if (text === 'select' && followed === '(') return selects(source, tokens, at + 1)
  const other = CALLS[text]
  if (other === undefined || !/^[(<]$/.test(followed)) return []
  return ONLY_METHODS.has(text) && previous !== '.' ? [] : [[start, end, other]]
}

/** One more, one less, one bit flipped; of a shift's amount only the neighbours. */
function numbers(text: string, previous: string): string[] {
  const [, digits = '', suffix = ''] = /^(0x[\da-f_]+|[\d_]+)([niu]?)$/i.exec(text) ?? []
  if (digits === '') return []
  const isHex = digits.startsWith('0x')
  const value = BigInt(digits.replaceAll('_', ''))
  const others = [value + 1n, value - 1n]
  // Which bit: any, but the same one every time.
  if (!/^(?:<<|>>|>>>)$/.test(previous)) others.push(value ^ (1n << (isHex ? (value * 7n) % 32n : 1n + (value % 3n))))
  return [...new Set(others)]
    .filter((other) => other >= 0n)
    .map((other) => (isHex ? `0x${other.toString(16)}` : other.toString()) + suffix)
}

/** `if (c)` with either constant. */
function branches(tokens: readonly Token[], open: number): Change[] {
  const [from, to] = [tokens[open], tokens[closing(tokens, open)]]
  if (from === undefined || to === undefined) return []
  return ['true', 'false'].map((constant) => [from.end, to.start, constant])
}

/** WGSL's `select(a, b, c)` as `select(b, a, c)`. */
function selects(source: string, tokens: readonly Token[], open: number): Change[] {
  const commas: Token[] = []
  let depth = 0
  for (const token of tokens.slice(open, closing(tokens, open))) {
    depth += depthOf(token)
    if (depth === 1 && token.text === ',') commas.push(token)
  }
  const [[first, second], from] = [commas, tokens[open]]
  if (first === undefined || second === undefined || from === undefined) return []
  const [a, b] = [source.slice(from.end, first.start), source.slice(first.end, second.start)]
  return [[from.end, second.start, `${b.trim()}, ${a.trim()}`]]
}

/** `c ? a : b` as `c ? b : a`. */
function arms(source: string, tokens: readonly Token[], at: number): Change[] {
  const question = tokens[at]
  if (question?.text !== '?') return []
  let depth = 0
  let nested = 0
  const colon = tokens.findIndex((token, i) => {
    if (i <= at) return false
    depth += depthOf(token)
    if (depth === 0 && token.text === '?') nested++
    return depth === 0 && token.text === ':' && nested-- === 0
  })
  const [middle, last] = [tokens[colon], tokens[endOfArm(tokens, colon)]]
  if (middle === undefined || last === undefined) return []
  const [a, b] = [source.slice(question.end, middle.start), source.slice(middle.end, last.end)]
  return [[question.end, last.end, ` ${b.trim()} : ${a.trim()}`]]
}

/** The last token of what follows a colon: before a closing bracket, a comma, or a line that no operator begins. */
function endOfArm(tokens: readonly Token[], colon: number): number {
  let depth = 0
  for (let i = colon + 1; i < tokens.length; i++) {
    const [token, after] = [tokens[i], tokens[i + 1]]
    if (token === undefined || after === undefined) break
    depth += depthOf(token)
    const ends = /^[)\],;}]$/.test(after.text) || (after.line > token.line && !BRIDGE.test(after.text))
    if (depth === 0 && ends) return i
  }
  return -1
}

/** Operators that continue a statement over a line's end. */
const BRIDGE = /^(?:[-+*/|&^?:.=<>,([]|=>|&&|\|\||<<|>>|>>>|===?|!==?|<=|>=)$/

const KEYWORDS =
  'if|for|while|return|const|let|var|export|function|fn|else|case|default|switch|throw|import|type|interface|override'
const STATEMENT = new RegExp(
  String.raw`^\s*(?!(?:${KEYWORDS})\b)[A-Za-z_][\w.]*(?:\[[^\]]*\])?(?:\+\+;?$|\s(?:[-+*|&^]|<<|>>)?=\s|(?:<\w+>)?\()` +
    String.raw`|^\s*(?:break|continue|return);?$`,
)

/** Whole lines that call, store or leave. */
function deletions(source: string, tokens: readonly Token[]): Change[] {
  const lines = source.split('\n')
  return lines.flatMap((text, line): Change[] => {
    const own = tokens.filter((token) => token.line === line)
    const [first, last] = [own[0], own.at(-1)]
    if (first === undefined || last === undefined || !STATEMENT.test(text)) return []
    const depth = own.reduce((sum, token) => sum + depthOf(token), 0)
    const before = tokens.findLast((token) => token.end <= first.start)?.text ?? ''
    const after = tokens.find((token) => token.start >= last.end)?.text ?? ''
    const isWhole = depth === 0 && last.text !== ',' && !BRIDGE.test(before) && !BRIDGE.test(after)
    return isWhole ? [[first.start, last.end, '']] : []
  })
}
