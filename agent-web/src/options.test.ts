// The page's address: wishes are read, mistakes are told.
import { expect, test } from 'vitest'
import { readOptions, shownAddress } from './options.ts'
import { MISTAKES } from './text.ts'

const NOTHING = {
  engine: undefined,
  threads: undefined,
  preset: undefined,
  name: undefined,
  pool: undefined,
  token: undefined,
  barred: undefined,
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

const TOKEN = `ntk_${'0a'.repeat(28)}`

test('a token is taken from behind the #, and held by the tab', () => {
  const whole = { token: TOKEN, pool: 'in-house', barred: undefined, mistakes: [] }
  expect(readOptions('?pool=in-house', 8, `#token=${TOKEN}`)).toMatchObject(whole)
  expect(readOptions('?pool=in-house', 8, '', TOKEN)).toMatchObject(whole)
  // The newer link counts.
  expect(readOptions('', 8, `#token=${TOKEN}`, `ntk_${'1b'.repeat(28)}`).token).toBe(TOKEN)
})

test.each([
  ['?pool=in-house', '', MISTAKES.pool],
  ['?pool=', '', MISTAKES.pool],
  ['?pool=in-house', '#token=ntk_short', MISTAKES.token],
  ['', `#token=${TOKEN.slice(0, -1)}`, MISTAKES.token],
  ['', `#token=${TOKEN}0`, MISTAKES.token],
  ['', '#token=', MISTAKES.token],
  ['', '#tok', MISTAKES.token],
  // It would be sent to the server, and is not taken.
  [`?token=${TOKEN}`, '', MISTAKES.tokenInQuery],
])('a link that lost its token lends nothing: %s%s', (search, fragment, why) => {
  expect(readOptions(search, 8, fragment)).toMatchObject({ token: undefined, barred: why, mistakes: [] })
  expect(why).not.toContain('ntk_')
  // Nor after a reload, with what the address bar shows then.
  const { search: left, hash } = new URL(shownAddress('/', search, fragment) ?? `/${search}${fragment}`, 'http://pool')
  expect(readOptions(left, 8, hash).barred).toBe(why)
  expect(left + hash).not.toContain('ntk_')
})

test('a cut link bars a tab that holds another token, too', () => {
  expect(readOptions('', 8, '#token=ntk_', TOKEN)).toMatchObject({ token: undefined, barred: MISTAKES.token })
})

test('the address bar shows no token, and keeps the rest', () => {
  expect(shownAddress('/', '?pool=in-house&engine=wasm', `#token=${TOKEN}`)).toBe('/?pool=in-house&engine=wasm')
  expect(shownAddress('/', '?pool=in-house', '')).toBeUndefined()
  expect(shownAddress('/', `?token=${TOKEN}&engine=wasm`, '')).toBe('/?token=&engine=wasm')
})
