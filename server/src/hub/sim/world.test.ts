// The Hub's core in a few hundred simulated worlds. SIM_SEED=n repeats one world; SIM_SEEDS=n tries so many more, from
// SIM_FROM on.
import { describe, expect, it } from 'vitest'
import { World } from './world.ts'

const one = process.env['SIM_SEED']
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 300)
const FROM = Number(process.env['SIM_FROM'] ?? 1)
const PER_TEST = 50

describe('simulated worlds', () => {
  it.each(one === undefined ? [] : [one])('of seed %s keeps every promise', (seed) => {
    console.log(new World(Number(seed)).run())
  })

  const starts = Array.from({ length: Math.ceil(SEEDS / PER_TEST) }, (_, n) => FROM + n * PER_TEST)
  it.each(one === undefined ? starts : [])('keep every promise from seed %i on', (start) => {
    const broken: string[] = []
    let completed = 0
    for (let seed = start; seed < Math.min(start + PER_TEST, FROM + SEEDS); seed++) {
      try {
        completed += new World(seed).run().completed
      } catch (error) {
        broken.push(error instanceof Error ? error.message : String(error))
      }
    }
    expect(broken, 'each line can be repeated with the SIM_SEED that it names').toEqual([])
    expect(completed, 'worlds in which no job completes prove little').toBeGreaterThan(PER_TEST / 3)
  })

  it('are the same each time', () => {
    expect(new World(7).run()).toEqual(new World(7).run())
  })
})
