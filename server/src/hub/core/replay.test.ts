// A replay is worth most on other machines: its first runs are for those who did not answer the original, and for the others
// only where it would not end without them.
import { expect, test } from 'vitest'
import { Pool } from '../sim/pool.ts'

const authors = (pool: Pool): Set<unknown> =>
  new Set(pool.commands.flatMap((command) => (command.type === 'assign' ? [command.session] : [])))

test('others get it, and those of the original nothing, while there are others', () => {
  const pool = new Pool()
  const [, , c] = [pool.join('a'), pool.join('b'), pool.join('c')]
  pool.plan('replay', 100, {}, [], { answeredBefore: ['a', 'b'] })
  pool.work(c)
  expect(pool.last('complete')?.jobId).toBe('replay')
  expect(authors(pool)).toEqual(new Set(['c']))
})

test('they run it where nobody else is online, and from the moment when nobody else is any more', () => {
  const alone = new Pool()
  alone.join('a')
  alone.plan('replay', 10, {}, [], { answeredBefore: ['a'] })
  expect(authors(alone)).toEqual(new Set(['a']))

  const pool = new Pool()
  const [a, b] = [pool.join('a'), pool.join('b')]
  pool.plan('replay', 100, {}, [], { answeredBefore: ['a'] })
  expect(pool.held(a)).toEqual([])
  pool.leave(b)
  expect(pool.held(a)).not.toEqual([])
  // Who has begun goes on beside the others.
  const d = pool.join('d')
  pool.work(a)
  pool.work(d)
  pool.work(a)
  expect(pool.last('complete')?.jobId).toBe('replay')
})

test('and where the others are too slow for its deadline', () => {
  const pool = new Pool()
  pool.join('a', { shardsPerSecond: 1_000 })
  pool.join('b', { shardsPerSecond: 0.1 })
  pool.plan('replay', 1_000, {}, [], { answeredBefore: ['a'] })
  expect(authors(pool)).toEqual(new Set(['a', 'b']))
})

test('under a spotcheck of few authors nobody waits for another', () => {
  const pool = new Pool()
  const a = pool.join('a')
  pool.plan('replay', 10, { verify: 'spotcheck' }, [], { answeredBefore: ['a'] })
  const b = pool.join('b')
  // One author is enough for ten shards at a rate of a tenth, and it has begun.
  pool.work(a)
  pool.work(b)
  pool.work(a)
  expect(pool.last('complete')?.jobId).toBe('replay')
})

test.each(['none', 'spotcheck', 'full'] as const)('free keys that sleep keep nobody out of it: %s', (verify) => {
  const pool = new Pool()
  const own = [pool.join('a'), pool.join('v')]
  pool.plan('replay', 100, { verify, timeout_ms: 60_000 }, [], { answeredBefore: ['a', 'v'] })
  // Each claims to be fast, holds what it is given, and is gone before it is overdue.
  let sleeper: ReturnType<Pool['join']> | null = null
  for (let atMs = 0; atMs < 30_000 && pool.last('complete') === undefined; atMs += 500) {
    pool.at(atMs)
    if (atMs % 4_500 === 0) {
      const next = pool.join(`z${atMs}`, { fresh: true, shardsPerSecond: 1e6 })
      if (sleeper !== null) pool.leave(sleeper)
      sleeper = next
    }
    for (const agent of own) pool.work(agent)
  }
  expect(pool.last('complete')?.jobId).toBe('replay')
})
