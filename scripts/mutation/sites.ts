// The places where a source can be mutated. Which changes there are is changes.ts's.
import { changesOf, type Change } from './changes.ts'

export interface Site {
  /** From the repository's root. */
  readonly file: string
  readonly start: number
  readonly end: number
  readonly replacement: string
  readonly line: number
  /** The declaration at the margin that the line belongs to. */
  readonly owner: string
  /** The line before and after the mutation, without indentation. Nothing is left of a deleted statement. */
  readonly before: string
  readonly after: string
}

export const mutated = (source: string, { start, end, replacement }: Site): string =>
  source.slice(0, start) + replacement + source.slice(end)

/** How the list of survivors names a site: a line's number would change with every line above it. */
export const keyOf = ({ file, owner, before, after }: Pick<Site, 'file' | 'owner' | 'before' | 'after'>): string =>
  JSON.stringify([file, owner, before, after])

/** Imports and types compute nothing, bindings and decorators only compile or do not, errors are sentences. */
const IDLE = /^(?:import|export type|type|interface|throw|@group|@inline|\} from)\b/

/** Each change of a declaration's line once, however often the line stands there. */
export function sitesOf(file: string, source: string): Site[] {
  const sites = changesOf(source)
    .map((change) => siteOf(file, source, change))
    .filter(({ before, after }) => !IDLE.test(before) && before !== after)
  return [...new Map(sites.map((site) => [keyOf(site), site])).values()]
}

const OWNER = /^(?:export )?(?:function|const|let|override|struct|alias|var<\w+>)\s+(\w+)|^(?:@.*)?\bfn (\w+)/

function siteOf(file: string, source: string, [start, end, replacement]: Change): Site {
  const from = source.lastIndexOf('\n', start - 1) + 1
  const lineEnd = (at: number): number => {
    const found = source.indexOf('\n', at)
    return found < 0 ? source.length : found
  }
  const above = source.slice(0, lineEnd(start)).split('\n')
  const [, name, wgsl] = OWNER.exec(above.findLast((line) => OWNER.test(line)) ?? '') ?? []
  const rest = source.slice(end, lineEnd(end))
  return {
    file,
    start,
    end,
    replacement,
    line: above.length,
    owner: name ?? wgsl ?? '',
    before: inOneLine(source.slice(from, end) + rest),
    after: inOneLine(source.slice(from, start) + replacement + rest),
  }
}

/** What spans lines is told in one; a comment at the line's end is not told. */
const inOneLine = (text: string): string =>
  text
    .replace(/\s\/\/.*$/, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
