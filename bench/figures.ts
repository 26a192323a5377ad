// What a benchmark finds and how it is told: each figure with all its samples, the median first, beside the target that
// SPEC or the founding document sets for it. Targets are shown, never asserted: a busy machine is no broken build.
import { cpus, loadavg, totalmem } from 'node:os'

export type Unit = 'ms' | 'us' | 'MiB' | 'cores' | 'M years/s' | '/s' | 'times'

export interface Figure {
  readonly what: string
  readonly unit: Unit
  readonly samples: readonly number[]
  /** At most this for times, bytes and cores, at least this for the others. */
  readonly target?: number
}

export interface Section {
  readonly title: string
  readonly figures: readonly Figure[]
  /** Said below the figures: what was left out and why. */
  readonly notes: readonly string[]
  /** Of the machine over the last minute, as the section ended. */
  readonly load: number
}

export function section(title: string, figures: readonly Figure[], notes: readonly string[] = []): Section {
  return { title, figures, notes, load: loadavg()[0] ?? 0 }
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
  return (lower + upper) / 2
}

const WIDTHS = [60, 12, 21, 3, 12, 5] as const

/** The section as a table of fixed columns. */
export function told({ title, figures, notes, load }: Section): string {
  const row = (...cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[i] ?? 0))).join(' ')
  const lines = figures.map((figure) => {
    const text = figureText(figure)
    return row(`  ${figure.what}`, text.median, text.range, `${figure.samples.length}`, text.target, text.met)
  })
  const head = row(title, 'median', 'least to greatest', 'n', 'target', '')
  return [head, ...lines, ...notes.map((note) => `  ${note}`), `  load ${load.toFixed(1)}`, ''].join('\n')
}

const SHORT = {
  ms: 'ms',
  us: 'us',
  MiB: 'MiB',
  cores: 'cores',
  'M years/s': 'M/s',
  '/s': '/s',
  times: 'x',
} as const satisfies Record<Unit, string>

/** The cells of one figure. */
export function figureText({ samples, target, unit }: Figure): Record<'median' | 'range' | 'target' | 'met', string> {
  const atMost = unit === 'ms' || unit === 'us' || unit === 'MiB' || unit === 'cores'
  const reached = atMost ? median(samples) <= (target ?? Infinity) : median(samples) >= (target ?? 0)
  return {
    median: `${amount(median(samples), unit)} ${SHORT[unit]}`,
    range: `${amount(Math.min(...samples), unit)} to ${amount(Math.max(...samples), unit)}`,
    target: target === undefined ? '' : `${atMost ? '<=' : '>='} ${amount(target, unit)}`,
    met: target === undefined ? '' : reached ? 'met' : 'NOT',
  }
}

/** Units whose tenths say nothing from a hundred on. */
const WHOLE: ReadonlySet<Unit> = new Set(['ms', 'us', '/s'])
const amount = (value: number, unit: Unit): string =>
  value.toFixed(WHOLE.has(unit) && value >= 100 ? 0 : value >= 10 ? 1 : 2)

/** Runs `measure` so many times, one after the other. */
export async function repeated<T>(times: number, measure: (run: number) => Promise<T> | T): Promise<T[]> {
  const results: T[] = []
  for (let run = 0; run < times; run++) results.push(await measure(run))
  return results
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

export function describeMachine(): string {
  const [first] = cpus()
  const gib = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} cores of ${first?.model.trim() ?? 'unknown make'}, ${gib} GiB, Node ${process.version}`
}

export const describeLoad = (): string =>
  `load of the last 1, 5 and 15 minutes: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(', ')}`
