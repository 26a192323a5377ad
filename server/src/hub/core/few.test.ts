// It is what a Set is, in every respect that is asked for.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Few } from './few.ts'

test('holds what a Set holds, in its order', () => {
  const change = fc.record({ adds: fc.boolean(), item: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const few = new Few<number>()
      const set = new Set<number>()
      for (const { adds, item } of changes) {
        for (const one of [few, set]) {
          if (adds) one.add(item)
          else one.delete(item)
        }
        expect([...few]).toEqual([...set])
        expect([few.size, few.has(item)]).toEqual([set.size, set.has(item)])
      }
    }),
  )
})
