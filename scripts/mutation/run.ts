// One engine's mutants: chosen, tried two at a time, and told.
import type { Case } from '../conformance/case.ts'
import { allSites, inDrawnOrder, type SourceSite } from './choose.ts'
import { openPool, type Pool } from './pool.ts'
import { subjectOf } from './runner.ts'
import { keyOf, mutated } from './sites.ts'
import { KILLERS, type EngineToMutate, type Outcome } from './subject.ts'
import { asDiff, whyOf, type Survivor } from './survivors.ts'

/** What one compiles while the other computes; more would want more memory than a small machine has. */
const PROCESSES = 2
const SAY_EVERY_MS = 30_000

export interface Tried {
  readonly site: SourceSite
  readonly outcome: Outcome
}

export interface EngineRun {
  readonly engine: EngineToMutate
  readonly sites: readonly SourceSite[]
  /** Equivalents, which a compiler proved, are not among the mutants. */
  readonly equivalents: readonly Tried[]
  readonly mutants: readonly Tried[]
  readonly seconds: number
}

export interface Asked {
  readonly mutants: number
  readonly seed: number
  readonly cases: readonly Case[]
}

/** Throws when the right program does not give the cases' digests. */
export async function runEngine(
  engine: EngineToMutate,
  { mutants, seed, cases }: Asked,
  say: (line: string) => void,
): Promise<EngineRun> {
  const started = performance.now()
  const { sources } = subjectOf(engine, cases)
  const sites = allSites(sources)
  const pool = openPool(engine, cases, PROCESSES)
  try {
    // The first source is part of every program.
    const [first] = sources
    const right = await pool.attempt(first?.file ?? '', first?.text ?? '')
    if (right.kind !== 'survived') throw new Error(`${engine} is not right unmutated: ${JSON.stringify(right)}`)
    const tried = await tryAll(pool, inDrawnOrder(sites, seed, engine), mutants, (what) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(0)
      say(`${engine}, ${seconds} s: ${what}`)
    })
    return {
      engine,
      sites,
      equivalents: tried.filter(({ outcome }) => outcome.kind === 'same'),
      mutants: tried.filter(({ outcome }) => outcome.kind !== 'same'),
      seconds: (performance.now() - started) / 1000,
    }
  } finally {
    pool.close()
  }
}

/** Takes sites until so many became mutants: the same ones, however fast each is. */
async function tryAll(
  pool: Pool,
  sites: Generator<SourceSite>,
  count: number,
  say: (what: string) => void,
): Promise<Tried[]> {
  const tried: Tried[] = []
  let [mutants, underWay, said] = [0, 0, performance.now()]
  const lane = async (): Promise<void> => {
    while (mutants + underWay < count) {
      const { value: site } = sites.next()
      if (site === undefined) return
      underWay++
      const outcome = await pool.attempt(site.file, mutated(site.source.text, site))
      underWay--
      tried.push({ site, outcome })
      if (outcome.kind !== 'same') mutants++
      // At once, because a run over software adapters may take an hour.
      if (outcome.kind === 'survived') say(`survived: ${site.file}:${site.line} ${site.before} => ${site.after}`)
      if (performance.now() - said < SAY_EVERY_MS) continue
      said = performance.now()
      say(`${mutants} of ${count} mutants`)
    }
  }
  // The last lane at work replaces what it finds to be an equivalent.
  await Promise.all(Array.from({ length: pool.size }, lane))
  return tried
}

/** The run in lines, and the survivors that nobody explained. */
export function told(run: EngineRun, known: readonly Survivor[], { unseen }: { unseen: boolean }): [string, Tried[]] {
  const { engine, sites, mutants, equivalents, seconds } = run
  const inTail = (list: readonly { isTail: boolean }[]): number => list.filter(({ isTail }) => isTail).length
  const survived = mutants
    .filter(({ outcome }) => outcome.kind === 'survived')
    .toSorted(({ site: a }, { site: b }) => a.file.localeCompare(b.file) || a.line - b.line)
  const unexplained = survived.filter(({ site }) => whyOf(known, site) === undefined)
  const killers = KILLERS.map((killer) => [killer, killedBy(mutants, killer).length] as const)
  const lines = [
    `${engine}: ${sites.length} sites, ${inTail(sites)} of them in tails; ${seconds.toFixed(0)} s`,
    `  ${mutants.length} mutants, ${inTail(mutants.map(({ site }) => site))} of them in tails, and ${equivalents.length} that compile to the same program`,
    `  ${mutants.length - survived.length} killed: ${killers.map(([killer, count]) => `${killer} ${count}`).join(', ')}`,
    ...mostKilling(mutants),
    ...(unseen
      ? mutants.filter(({ outcome }) => isUnseen(outcome)).map((each) => toldOne('no vector sees', each))
      : []),
    `  ${survived.length} survived, ${survived.length - unexplained.length} of them explained in docs/mutations.md`,
    ...survived.map((each) => toldOne(whyOf(known, each.site) ?? 'NOT EXPLAINED', each)),
    ...stale(run, known).map((line) => `  ${line}`),
  ]
  return [`${lines.join('\n')}\n`, unexplained]
}

const killedBy = (mutants: readonly Tried[], killer: string): Tried[] =>
  mutants.filter(({ outcome }) => outcome.kind === 'killed' && outcome.by === killer)

const isUnseen = (outcome: Outcome): boolean =>
  outcome.kind === 'killed' && ['launch', 'contract', 'edges'].includes(outcome.by)

function mostKilling(mutants: readonly Tried[]): string[] {
  const counts = new Map<string, number>()
  for (const { outcome } of killedBy(mutants, 'vector')) {
    if (outcome.kind === 'killed') counts.set(outcome.what, (counts.get(outcome.what) ?? 0) + 1)
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a)
  return sorted.map(([name, count]) => `    ${`${count}`.padStart(3)} ${name}`)
}

function toldOne(heading: string, { site, outcome }: Tried): string {
  const by = outcome.kind === 'killed' ? ` (${outcome.what})` : ''
  const diff = asDiff(site).replaceAll('\n', '\n    ')
  return `  ${site.file}:${site.line} ${heading}${by}\n    ${diff}`
}

/** Lines of the page that name no site, or a mutant that is killed. */
function stale({ sites, mutants }: EngineRun, known: readonly Survivor[]): string[] {
  const files = new Set(sites.map(({ file }) => file))
  const keys = new Set(sites.map(keyOf))
  const killed = new Set(mutants.flatMap(({ site, outcome }) => (outcome.kind === 'killed' ? [keyOf(site)] : [])))
  return known
    .filter(({ file }) => files.has(file))
    .flatMap((survivor) => {
      if (!keys.has(keyOf(survivor))) return [`docs/mutations.md names what is no site: ${survivor.before}`]
      return killed.has(keyOf(survivor)) ? [`docs/mutations.md explains what is killed: ${survivor.after}`] : []
    })
}
