// The promises of a gathered read: one query at a time, each key answered by one that began after it was asked, and the
// failure of a query felt by those alone who were in it.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gathered } from './gathered.ts'

/** A source whose queries end when they are told to. */
function source() {
  const truth = new Map<string, number>()
  const queries: { readonly keys: readonly string[]; end(): void; fail(error: Error): void }[] = []
  const read = gathered<string, number>((keys) => {
    const snapshot = new Map([...truth].filter(([key]) => keys.includes(key)))
    return new Promise((resolve, reject) => {
      queries.push({ keys, end: () => resolve(snapshot), fail: reject })
    })
  })
  return { truth, queries, read }
}
/** All that is to happen without the source. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('who comes while a query is on its way shares the next one, and sees what was changed meanwhile', async () => {
  const { truth, queries, read } = source()
  truth.set('a', 1)
  const first = read('a')
  await settled()
  expect(queries.map(({ keys }) => keys)).toEqual([['a']])
  const second = [read('a'), read('b'), read('a')]
  truth.set('a', 2)
  await settled()
  expect(queries).toHaveLength(1)
  queries[0]?.end()
  expect(await first).toBe(1)
  await settled()
  expect(queries.map(({ keys }) => keys)).toEqual([['a'], ['a', 'b']])
  queries[1]?.end()
  expect(await Promise.all(second)).toEqual([2, null, 2])
})

test('a query that fails fails those in it, and the next ones are asked as ever', async () => {
  const { truth, queries, read } = source()
  truth.set('a', 1)
  const failing = read('a').catch((error: unknown) => error)
  await settled()
  const later = read('a')
  queries[0]?.fail(new Error('lost'))
  expect(await failing).toEqual(new Error('lost'))
  await settled()
  queries[1]?.end()
  expect(await later).toBe(1)
})

test('whatever comes in whatever order, nobody is given what was read before it asked', async () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ ask: fc.constantFrom('a', 'b', 'c') }) },
      { weight: 2, arbitrary: fc.record({ set: fc.constantFrom('a', 'b', 'c') }) },
      { weight: 2, arbitrary: fc.constant('end' as const) },
    ),
    { maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const { truth, queries, read } = source()
      let [version, ended] = [0, 0]
      const asked: Promise<void>[] = []
      for (const step of taken) {
        if (step === 'end') {
          if (ended < queries.length) queries[ended++]?.end()
        } else if ('set' in step) truth.set(step.set, ++version)
        else {
          const least = truth.get(step.ask) ?? 0
          asked.push(read(step.ask).then((seen) => expect(seen ?? 0).toBeGreaterThanOrEqual(least)))
        }
        await settled()
      }
      while (ended < queries.length) {
        queries[ended++]?.end()
        await settled()
      }
      await Promise.all(asked)
    }),
    { numRuns: 60 },
  )
})
