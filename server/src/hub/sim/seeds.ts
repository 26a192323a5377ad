// Many simulated worlds one after another: what happened in all of them together, and the seeds that broke a promise.
import { FAULTS, noFaults, type Fault, type FaultCounts } from './faults.ts'
import type { WorldOptions } from './outcome.ts'
import { World } from './world.ts'

export interface SeedsRun {
  seeds: number
  events: number
  completed: number
  /** By code. */
  readonly failed: Map<string, number>
  readonly faults: FaultCounts
  /** One line each, which begins with the seed that repeats it. */
  readonly violations: string[]
}

export const noSeeds = (): SeedsRun => ({
  seeds: 0,
  events: 0,
  completed: 0,
  failed: new Map(),
  faults: noFaults(),
  violations: [],
})

export function runSeed(run: SeedsRun, seed: number, options: WorldOptions = {}): void {
  run.seeds++
  try {
    const { events, completed, failed, faults } = new World(seed, options).run()
    run.events += events
    run.completed += completed
    for (const code of failed) run.failed.set(code, (run.failed.get(code) ?? 0) + 1)
    for (const fault of Object.keys(FAULTS) as Fault[]) run.faults[fault] += faults[fault]
  } catch (error) {
    run.violations.push(error instanceof Error ? error.message : String(error))
  }
}

export function runSeeds(run: SeedsRun, from: number, count: number): void {
  for (let seed = from; seed < from + count; seed++) runSeed(run, seed)
}

export function toldRun({ seeds, events, completed, failed, faults, violations }: SeedsRun): string {
  const count = (number: number): string => number.toLocaleString('en-US').padStart(12)
  const codes = [...failed].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    `${count(seeds)}  seeds run`,
    `${count(events)}  events`,
    `${count(completed)}  jobs completed`,
    ...codes.map(([code, number]) => `${count(number)}  jobs failed ${code}`),
    '  faults injected:',
    ...Object.entries(FAULTS).map(([fault, what]) => `${count(faults[fault as Fault])}  ${fault}: ${what}`),
    `${count(violations.length)}  violations`,
    ...violations.map((violation) => `  ${violation}`),
  ].join('\n')
}
