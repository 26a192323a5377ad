// What counts as a place to mutate, in the three languages, and what is left alone.
import { describe, expect, it } from 'vitest'
import { allSites, inDrawnOrder } from './choose.ts'
import { mutated, sitesOf } from './sites.ts'
import type { Source } from './subject.ts'

const mutants = (source: string): string[] => sitesOf('a.ts', source).map((site) => mutated(source, site))

describe('sitesOf', () => {
  it.each([
    ['constants, with their suffix', 'let x = 7u', ['let x = 8u', 'let x = 6u', 'let x = 3u']],
    ['shifts by their neighbours', 'f(a >> 5)', ['f(a << 5)', 'f(a >> 6)', 'f(a >> 4)', '']],
    ['comparisons', 'while (i < n)', ['while (i <= n)', 'while (i >= n)']],
    ['branches', 'if (f(a)) g()', ['if (true) g()', 'if (false) g()']],
    ['arms, up to the end of the line', 'let x = c ? a : f(b)\nlet y = d', ['let x = c ? f(b) : a\nlet y = d']],
    ['the arms of WGSL', 'let a = select(f(x, y), z, c);', ['let a = select(z, f(x, y), c);']],
    ['calls that are statements', 'store(a, b)', ['']],
    ['instructions of vectors', 'let a = i32x4.min_u(b, c)', ['let a = i32x4.max_u(b, c)']],
  ])('finds %s', (_, source, expected) => {
    expect(mutants(source)).toEqual(expected)
  })

  it.each([
    ['types and casts', 'let a = <u32>load<i64>(b)'],
    ['comments', '// 1 + 2\n/* 3 < 4 */'],
    ['sentences', 'const s = `${a} is 3`'],
    ['imports', "import { a } from './1.ts'"],
    ['bindings', '@group(0) @binding(1) var<storage, read> works: array<Work>;'],
    ['a call among arguments', 'let a = f(\n  b,\n  g(c),\n)'],
  ])('leaves alone %s', (_, source) => {
    expect(mutants(source)).toEqual([])
  })

  it('names a site by its declaration and its line, once for equal lines', () => {
    const sites = sitesOf('a.ts', 'function f(): void {\n  g(true) // why\n  g(true)\n}\n')
    expect(sites.map(({ owner, before, after }) => ({ owner, before, after }))).toEqual([
      { owner: 'f', before: 'g(true)', after: 'g(false)' },
      { owner: 'f', before: 'g(true)', after: '' },
    ])
  })
})

describe('inDrawnOrder', () => {
  const text = Array.from({ length: 40 }, (_, i) => `const a${i} = ${i < 8 ? 'rare' : 'often'} + 1000`).join('\n')
  const source: Source = { file: 'a.ts', text, tail: { owners: [], lines: /rare/ } }
  const drawn = (seed: number): string[] =>
    [...inDrawnOrder(allSites([source]), seed, 'test')].map(({ after }) => after)

  it('gives every site once, and for one seed always in one order', () => {
    expect(new Set(drawn(1)).size).toBe(allSites([source]).length)
    expect(drawn(1)).toEqual(drawn(1))
    expect(drawn(1)).not.toEqual(drawn(2))
  })

  it('takes two of five from the tail while there are any', () => {
    expect(
      drawn(3)
        .slice(0, 20)
        .filter((line) => line.includes('rare')).length,
    ).toBe(8)
  })
})
