// The Hub's core in a few hundred simulated worlds; `pnpm sim` runs as many as one likes and tells one of them event by event,
// world.slow.ts runs thousands. SIM_SEED=n repeats one world; SIM_SEEDS=n tries so many, from SIM_FROM on.
import { describe, expect, it } from 'vitest'
import { FAULTS, type Fault } from './faults.ts'
import { noSeeds, runSeed } from './seeds.ts'
import { World } from './world.ts'

const one = process.env['SIM_SEED']
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 200)
const FROM = Number(process.env['SIM_FROM'] ?? 1)
const PER_TEST = 50

describe('simulated worlds', () => {
  it.each(one === undefined ? [] : [one])('of seed %s keeps every promise', (seed) => {
    console.log(new World(Number(seed), { thorough: true }).run())
  })

  const all = noSeeds()
  const starts = Array.from({ length: Math.ceil(SEEDS / PER_TEST) }, (_, n) => FROM + n * PER_TEST)
  it.each(one === undefined ? starts : [])('keep every promise from seed %i on', { timeout: 60_000 }, (start) => {
    const before = { ...all, violations: all.violations.length }
    for (let seed = start; seed < Math.min(start + PER_TEST, FROM + SEEDS); seed++) runSeed(all, seed)
    const broken = all.violations.slice(before.violations)
    expect(broken, 'each line can be repeated with the SIM_SEED that it names').toEqual([])
    expect(all.completed - before.completed, 'worlds in which no job completes prove little').toBeGreaterThan(
      PER_TEST / 3,
    )
  })

  it.runIf(one === undefined && SEEDS >= 200)('have every fault', () => {
    const never = Object.keys(FAULTS).filter((fault) => all.faults[fault as Fault] === 0)
    expect(never, 'a fault that never happens shows nothing').toEqual([])
  })

  it('are the same each time', () => {
    expect(new World(7).run()).toEqual(new World(7).run())
  })

  it('tell a line an event', () => {
    const lines: string[] = []
    const { events } = new World(7, { tell: (line) => lines.push(line) }).run()
    expect(lines.filter((line) => !line.includes('fault: '))).toHaveLength(events)
  })
})
