// Laws of what engines load: tables padded to the room that the programs keep, nothing that does not fit, and no program
// that the kernel does not have.
import { describe, expect, it } from 'vitest'
import { knownAnswerTables, paddedTables, programOf } from './artifact.ts'
import { artifacts } from './artifacts.gen.ts'
import type { Launch } from './kernel.ts'

describe.each(artifacts.map((artifact) => [artifact.name, artifact] as const))('%s', (_, artifact) => {
  const [program = ''] = Object.keys(artifact.programs)
  const launch = (change: Partial<Launch>): Launch => ({
    program,
    constants: new Uint32Array(artifact.constants),
    tables: {},
    ...change,
  })

  it('has its programs by their names, and none of what every object has', () => {
    for (const [name, found] of Object.entries(artifact.programs)) {
      expect(programOf(artifact, launch({ program: name }))).toBe(found)
    }
    for (const name of ['', 'toString', 'constructor', '__proto__', `${program} `]) {
      expect(() => programOf(artifact, launch({ program: name }))).toThrow(`${artifact.name} has no program ${name}`)
    }
  })

  it('pads each table to its room, in the order of the bindings, and leaves the launch as it was', () => {
    const given = Uint32Array.of(7, 8, 9)
    for (const { name } of artifact.tables) {
      const padded = paddedTables(artifact, launch({ tables: { [name]: given } }))
      expect(padded.map((table) => table.name)).toEqual(artifact.tables.map((table) => table.name))
      artifact.tables.forEach(({ name: of, words, padding }, i) => {
        const expected = new Uint32Array(words).fill(padding)
        if (of === name) expected.set(given)
        expect(padded[i]?.words).toEqual(expected)
      })
    }
    expect(given).toEqual(Uint32Array.of(7, 8, 9))
  })

  it('refuses a table that has no room, and constants of another number', () => {
    for (const { name, words } of artifact.tables) {
      const tables = { [name]: new Uint32Array(words + 1) }
      expect(() => paddedTables(artifact, launch({ tables }))).toThrow(`the table ${name} has ${words + 1} words`)
    }
    for (const constants of [artifact.constants - 1, artifact.constants + 1]) {
      const change = { constants: new Uint32Array(constants) }
      expect(() => paddedTables(artifact, launch(change))).toThrow(`not ${constants}`)
    }
  })

  it('names each table of its known answers once, and answers for each of its programs', () => {
    const tables = knownAnswerTables([artifact])
    expect(new Set(tables.map(({ digest }) => digest)).size).toBe(tables.length)
    const used = artifact.knownAnswers.flatMap((known) => Object.values(known.tables).map(({ digest }) => digest))
    expect(new Set(tables.map(({ digest }) => digest))).toEqual(new Set(used))
    const answered = new Set(artifact.knownAnswers.map((known) => known.program))
    expect([...answered].toSorted()).toEqual(Object.keys(artifact.programs).toSorted())
    for (const { units, program: name } of artifact.knownAnswers) {
      expect(units).toBeLessThanOrEqual(artifact.programs[name]?.unitsMax ?? 0)
    }
  })
})
