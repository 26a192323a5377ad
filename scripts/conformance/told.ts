// How a comparison is told: a line for every pass of every contract, their sum, and the first of what differs.
import type { Comparison, Row } from './compare.ts'

const WIDTHS = [28, 14, 15, 8, 8, 10, 9] as const
const DIFFERENCES_TOLD = 10

export const titleOf = ({ trusted, tested }: Comparison): string => `${tested} against ${trusted}`

export function toldTable(comparison: Comparison, rows: readonly Row[]): string {
  const compared = rows.filter(({ written }) => written)
  const sum = (of: (row: Row) => number): number => compared.reduce((total, row) => total + of(row), 0)
  const lines = rows.map((row) =>
    row.written
      ? line(row.contract, row.program, ...figures(row))
      : line(row.contract, row.program, 'nobody has written it'),
  )
  const total = {
    iterations: sum(({ iterations }) => iterations),
    shards: sum(({ shards }) => shards),
    equal: sum(({ equal }) => equal),
    differences: rows.flatMap(({ differences }) => differences),
    seconds: sum(({ seconds }) => seconds),
  }
  const speeds = [comparison.tested, comparison.trusted].map((kind) => {
    const ms = sum(({ busyMs }) => busyMs[kind] ?? 0)
    return `${kind} ${(total.iterations / ms / 1000).toFixed(2)} M/s`
  })
  return [
    line(titleOf(comparison), 'program', 'iterations', 'shards', 'equal', 'different', 'seconds'),
    ...lines,
    line('in all', '', ...figures(total)),
    ...(compared.length === 0 ? [] : [`  a thread, by the clock on the wall: ${speeds.join(', ')}`]),
    ...total.differences.slice(0, DIFFERENCES_TOLD).map((difference) => `  DIFFERENT ${difference}`),
    '',
  ].join('\n')
}

const figures = ({
  iterations,
  shards,
  equal,
  differences,
  seconds,
}: Pick<Row, 'iterations' | 'shards' | 'equal' | 'differences' | 'seconds'>): string[] => [
  iterations.toLocaleString('en'),
  `${shards}`,
  `${equal}`,
  `${differences.length}`,
  seconds.toFixed(1),
]

const line = (...cells: readonly string[]): string =>
  cells
    .map((cell, i) => (i < 2 ? `  ${cell}`.padEnd(WIDTHS[i] ?? 0) : cell.padStart(WIDTHS[i] ?? 0)))
    .join(' ')
    .trimEnd()
