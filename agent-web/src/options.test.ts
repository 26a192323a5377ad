// The page's address: wishes are read, mistakes are told.
import { expect, test } from 'vitest'
import { readOptions } from './options.ts'

const NOTHING = {
  engine: undefined,
  threads: undefined,
  preset: undefined,
  name: undefined,
  pool: undefined,
  token: undefined,
  autostart: false,
  mistakes: [],
}

test('nothing asked: it waits for Start, as set', () => {
  expect(readOptions('', 4)).toEqual(NOTHING)
})

test('everything asked', () => {
  expect(readOptions('?autostart=1&engine=wasm&threads=3&preset=all&name=Ada', 4)).toEqual({
    ...NOTHING,
    engine: 'wasm',
    threads: 3,
    preset: 'all',
    name: 'Ada',
    autostart: true,
  })
})

test.each(['?engine=cuda', '?threads=0', '?threads=many', '?threads=1000', '?preset=loud'])(
  '%s is told and ignored',
  (search) => {
    const { mistakes, ...options } = readOptions(search, 4)
    expect({ ...options, mistakes: mistakes.length }).toEqual({ ...NOTHING, mistakes: 1 })
  },
)

test('a token is taken from behind the #, and never told', () => {
  const token = `ntk_${'0a'.repeat(28)}`
  expect(readOptions('?pool=in-house', 8, `#token=${token}`)).toMatchObject({ token, pool: 'in-house', mistakes: [] })
  const { token: none, mistakes } = readOptions('?pool=in-house', 8, '#token=ntk_short')
  expect([none, mistakes.length, mistakes.join()]).toEqual([undefined, 1, expect.not.stringContaining('ntk_short')])
  expect(readOptions('?pool=in-house', 8).mistakes).toHaveLength(1)
  // In the query it would be sent to the server, and is not taken.
  expect(readOptions(`?token=${token}`, 8).token).toBeUndefined()
})
