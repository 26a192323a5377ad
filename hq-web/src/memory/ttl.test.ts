// A value that is changed keeps its expiry unless somebody typed another one, however wrong the browser's clock is.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ttlOf, ttlSent, ttlText } from './ttl.ts'

const AT = Date.UTC(2026, 0, 1)

test('untouched, the expiry is kept, by any clock', () => {
  fc.assert(
    fc.property(fc.option(fc.integer({ min: -1e9, max: 1e9 })), (offMs) => {
      const first = ttlText(offMs === null ? null : new Date(AT).toISOString(), AT + (offMs ?? 0))
      const seconds = ttlOf(first)
      expect(seconds === null ? null : ttlSent(seconds, first, first)).toEqual({ ttl_seconds: 'keep' })
      expect(ttlSent(seconds ?? undefined, ` ${first} `, first)).toEqual({ ttl_seconds: 'keep' })
    }),
  )
})

test('what is typed over it is sent, and an empty field is for ever', () => {
  expect(ttlSent(60, '60', '3600')).toEqual({ ttl_seconds: 60 })
  expect(ttlSent(60, '60', '')).toEqual({ ttl_seconds: 60 })
  expect(ttlSent(undefined, '', '3600')).toEqual({})
})
