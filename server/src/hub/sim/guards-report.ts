// `pnpm sim --guards all`: every guard of the core removed in turn, the seed that fails without it, and what it breaks. The
// table stands in docs/reliability.md; its seeds are tried first, so that it stays as it is while it is true. It is written
// row by row: whoever stops in the middle loses nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { tryWithout, type Caught } from './guard-trial.ts'
import type { Guard } from './guard.ts'
import { GUARDS } from './guards.ts'

/** So many seeds without a violation, and the guard is not caught. */
const GUARD_SEEDS_MAX = 2_000
/** Of so many worlds one has decisions. */
const WORLDS_WITHOUT = 6
/** Removed side by side. */
const AT_ONCE = 2
const PAGE = path.resolve(import.meta.dirname, '../../../../docs/reliability.md')
const [START, END] = ['<!-- guards: pnpm sim --guards all --write -->', '<!-- /guards -->']

interface Row {
  readonly guard: Guard
  readonly caught: Caught | null
}

/** By guard's name: the row as it stands, and its seed. */
function recordedRows(): Map<string, { readonly row: string; readonly seed: number }> {
  const rows = readFileSync(PAGE, 'utf8').matchAll(/^\| (.+?) \| `[\w-]+\.ts` \| (\d+) \|.*$/gm)
  return new Map([...rows].map(([row, name = '', seed]) => [name, { row, seed: Number(seed) }]))
}

export const recordedSeeds = (): ReadonlyMap<string, number> =>
  new Map([...recordedRows()].map(([name, { seed }]) => [name, seed]))

export async function catchWithout(
  guard: Guard,
  seeds: ReadonlyMap<string, number>,
  most = GUARD_SEEDS_MAX,
): Promise<Caught | null> {
  const known = seeds.get(guard.name)
  const again = known === undefined ? null : await tryWithout(guard, known, 1)
  // So many of those worlds as of all for other guards.
  return again ?? tryWithout(guard, 1, guard.isOfDecisions === true ? most * WORLDS_WITHOUT : most)
}

interface Report {
  /** `all`; `missing`: those that the table does not have; or a part of their names. */
  readonly which: string
  readonly write: boolean
  readonly seedsMax?: number | undefined
  readonly tell: (line: string) => void
}

/** Returns how many were not caught. */
export async function guardsReport({ which, write, seedsMax, tell }: Report): Promise<number> {
  const seeds = recordedSeeds()
  const guards = GUARDS.filter(
    ({ name }) => which === 'all' || (which === 'missing' ? !seeds.has(name) : name.includes(which)),
  )
  const rows = new Map<Guard, Row>()
  const left = [...guards]
  const work = async (): Promise<void> => {
    for (let guard = left.shift(); guard !== undefined; guard = left.shift()) {
      const caught = await catchWithout(guard, seeds, seedsMax)
      rows.set(guard, { guard, caught })
      tell(toldRow({ guard, caught }))
      if (write) writeTable(rows)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const inOrder = guards.flatMap((guard) => rows.get(guard) ?? [])
  const missed = inOrder.filter(({ caught }) => caught === null)
  tell(`${inOrder.length - missed.length} of ${inOrder.length} guards caught`)
  return missed.length
}

const toldRow = ({ guard: { name, file }, caught }: Row): string =>
  `| ${name} | \`${file}\` | ${caught?.seed ?? 'NOT CAUGHT'} | ${caught?.violation.replaceAll('|', '/') ?? ''} |`

/** What was not tried now stays as it is recorded. */
function writeTable(tried: ReadonlyMap<Guard, Row>): void {
  const page = readFileSync(PAGE, 'utf8')
  const [before, rest = ''] = page.split(START)
  const [, after] = rest.split(END)
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the table of guards`)
  const recorded = recordedRows()
  const rows = GUARDS.flatMap((guard) => {
    const row = tried.get(guard)
    return row === undefined ? (recorded.get(guard.name)?.row ?? []) : toldRow(row)
  })
  const head = ['| without the guard | file | seed | what is broken |', '| --- | --- | --- | --- |']
  writeFileSync(PAGE, `${before}${START}\n\n${[...head, ...rows].join('\n')}\n\n${END}${after}`)
}
