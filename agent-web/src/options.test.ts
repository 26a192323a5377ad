// The page's address: wishes are read, mistakes are told.
import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('nothing asked: it waits for Start, on half the cores and at least one', () => {
  expect(readOptions('', 8)).toEqual({ engine: undefined, threads: 4, name: undefined, autostart: false, mistakes: [] })
  expect(readOptions('', 1).threads).toBe(1)
})

test('everything asked', () => {
  expect(readOptions('?autostart=1&engine=wasm&threads=3&name=Ada', 8)).toEqual({
    engine: 'wasm',
    threads: 3,
    name: 'Ada',
    autostart: true,
    mistakes: [],
  })
})

test.each(['?engine=cuda', '?threads=0', '?threads=many', '?threads=1000'])('%s is told and ignored', (search) => {
  const { engine, threads, mistakes } = readOptions(search, 8)
  expect({ engine, threads, mistakes: mistakes.length }).toEqual({ engine: undefined, threads: 4, mistakes: 1 })
})
