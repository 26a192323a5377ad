// Which of all sites become mutants: drawn under the seed, at least two in five from what is rarely reached, each line once
// before any line twice, so that long expressions do not crowd out short ones.
import { digest } from '@forge/shared/exact/digest.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { philox4x32 } from '@forge/shared/exact/philox.ts'
import { sitesOf, type Site } from './sites.ts'
import type { Source } from './subject.ts'

const TAIL_SHARE = 0.4

export interface SourceSite extends Site {
  readonly source: Source
  readonly isTail: boolean
}

/** All sites of an engine's sources. */
export const allSites = (sources: readonly Source[]): SourceSite[] =>
  sources.flatMap((source) =>
    sitesOf(source.file, source.text)
      .filter(({ owner }) => source.only === undefined || source.only.includes(owner))
      .map((site) => {
        const { owners, lines } = source.tail
        const isTail = owners.includes(site.owner) || lines.test(site.before)
        return Object.assign(site, { source, isTail })
      }),
  )

/** Without end but for the sites': whoever meets an equivalent takes the next. The same for a seed everywhere. */
export function* inDrawnOrder(sites: readonly SourceSite[], seed: number, label: string): Generator<SourceSite> {
  const draw = drawer(`${label} ${seed}`)
  const ordered = (isTail: boolean): SourceSite[] =>
    byLines(
      sites.filter((site) => site.isTail === isTail),
      draw,
    )
  const [tail, rest] = [ordered(true), ordered(false)]
  const taken = new Map<string, number>()
  for (let i = 1; tail.length + rest.length > 0; i++) {
    const turn = Math.ceil(i * TAIL_SHARE) > Math.ceil((i - 1) * TAIL_SHARE)
    const [preferred, other] = turn ? [tail, rest] : [rest, tail]
    const site = preferred.shift() ?? other.shift()
    if (site === undefined) return
    const { file, share = 1 } = site.source
    const before = taken.get(file) ?? 0
    // It may come later, when there is nothing else.
    if (before > share * i && preferred.length > 0) {
      preferred.push(site)
      continue
    }
    taken.set(file, before + 1)
    yield site
  }
}

/** A first site of each line, in any order, then a second of each. */
function byLines(sites: readonly SourceSite[], draw: (below: number) => number): SourceSite[] {
  const lines = new Map<string, SourceSite[]>()
  for (const site of shuffled(sites, draw)) {
    const key = `${site.file} ${site.owner} ${site.before}`
    lines.set(key, [...(lines.get(key) ?? []), site])
  }
  const left = [...lines.values()]
  const longest = Math.max(0, ...left.map(({ length }) => length))
  return Array.from({ length: longest }, (_, round) =>
    shuffled(
      left.flatMap((line) => line.slice(round, round + 1)),
      draw,
    ),
  ).flat()
}

function shuffled<T>(items: readonly T[], draw: (below: number) => number): T[] {
  const rest = [...items]
  return items.flatMap(() => rest.splice(draw(rest.length), 1))
}

/** Numbers from 0 to below a bound. */
export function drawer(label: string): (below: number) => number {
  const key = Number.parseInt(digest('artifact.v1', utf8(label)).slice(0, 8), 16)
  const words = new Uint32Array(4)
  let drawn = 0
  return (below) => {
    philox4x32(words, drawn++, 0, 0, 0, key, 0)
    return Math.floor(((words[0] ?? 0) / 2 ** 32) * below)
  }
}
