// Where a server's time went, from the profile that Node wrote when it ended: the functions that took most themselves.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROWS = 12

/** What is used of the .cpuprofile format. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly columnNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Tables of the folder's largest profile, which is the main thread's; shares are of the time that was not idle. */
export function greatestFunctions(folder: string): string {
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .map((name) => readFileSync(path.join(folder, name), 'utf8'))
  const [largest = '{"nodes":[],"samples":[],"timeDeltas":[]}'] = texts.toSorted((a, b) => b.length - a.length)
  const { selves, wholes, owners } = timesOf(JSON.parse(largest))
  for (const times of [selves, owners]) times.delete('(idle)')
  const busy = [...selves.values()].reduce((sum, time) => sum + time, 0)
  const ours = new Map([...wholes].filter(([name]) => / (server|shared)\//.test(name)))
  return [
    `Of the server’s ${(busy / 1e6).toFixed(1)} busy seconds, by whose code it is, with what Node does for it:`,
    ...greatest(owners, busy),
    'in functions themselves:',
    ...greatest(selves, busy),
    'in ours with all that they call:',
    ...greatest(ours, busy),
    '',
  ].join('\n')
}

type Times = Map<string, number>

function timesOf({ nodes, samples, timeDeltas }: Profile): Record<'selves' | 'wholes' | 'owners', Times> {
  const [selves, wholes, owners]: [Times, Times, Times] = [new Map(), new Map(), new Map()]
  const grow = (times: Times, name: string, by: number): void => void times.set(name, (times.get(name) ?? 0) + by)
  const own = new Map<number, number>()
  for (const [i, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  /** Returns the time in a node and below; a function within itself counts once. */
  const walk = (node: Profile['nodes'][number], above: ReadonlySet<string>, by: string): number => {
    const [name, self] = [nameOf(node.callFrame), own.get(node.id) ?? 0]
    const owner = ownerOf(name) ?? by
    const within = new Set(above).add(name)
    const below = (node.children ?? []).flatMap((id) => byId.get(id) ?? [])
    const whole = below.reduce((sum, child) => sum + walk(child, within, owner), self)
    grow(selves, name, self)
    grow(owners, owner, self)
    if (!above.has(name)) grow(wholes, name, whole)
    return whole
  }
  for (const root of nodes.slice(0, 1)) walk(root, new Set(), 'Node alone')
  return { selves, wholes, owners }
}

/** The package, or our folder; null for what is Node's own and serves whoever called it. */
function ownerOf(name: string): string | null {
  if (name === '(idle)' || name === '(garbage collector)') return name
  return (
    name.match(/ ((?:server|shared)\/[\w.-]+(?:\/[\w-]+(?=\/))?|(?!node:)(?:@[\w-]+\/)?[\w.-]+(?=\/))/)?.[1] ?? null
  )
}

const greatest = (times: Times, busy: number): string[] =>
  [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, ROWS)
    .map(([name, time]) => `  ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`)

/** From the package on, without lines, which tsx folds into one; the column tells functions without a name apart. */
function nameOf({ functionName, url, columnNumber }: Profile['nodes'][number]['callFrame']): string {
  const file = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(server|shared)\/src\//, '$1/')
  return `${functionName || `at column ${columnNumber}`} ${file}`.trim()
}
