// The page's address: wishes are read, mistakes are told.
import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

test('nothing asked: it waits for Start, on half the cores and at least one', () => {
  expect(readOptions('', 8)).toEqual({
    engine: undefined,
    threads: 4,
    name: undefined,
    token: undefined,
    autostart: false,
    mistakes: [],
  })
  expect(readOptions('', 1).threads).toBe(1)
})

test('everything asked', () => {
  expect(readOptions('?autostart=1&engine=wasm&threads=3&name=Ada', 8)).toEqual({
    engine: 'wasm',
    threads: 3,
    name: 'Ada',
    token: undefined,
    autostart: true,
    mistakes: [],
  })
})

test.each(['?engine=cuda', '?threads=0', '?threads=many', '?threads=1000'])('%s is told and ignored', (search) => {
  const { engine, threads, mistakes } = readOptions(search, 8)
  expect({ engine, threads, mistakes: mistakes.length }).toEqual({ engine: undefined, threads: 4, mistakes: 1 })
})

test('a token is taken from behind the #, and never told', () => {
  const token = `ntk_${'0a'.repeat(28)}`
  expect(readOptions('?pool=in-house', 8, `#token=${token}`)).toMatchObject({ token, mistakes: [] })
  const { token: none, mistakes } = readOptions('?pool=in-house', 8, '#token=ntk_short')
  expect([none, mistakes.length, mistakes.join()]).toEqual([undefined, 1, expect.not.stringContaining('ntk_short')])
  expect(readOptions('?pool=in-house', 8).mistakes).toHaveLength(1)
  // In the query it would be sent to the server, and is not taken.
  expect(readOptions(`?token=${token}`, 8).token).toBeUndefined()
})
