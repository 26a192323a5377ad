// What a shard's shape says of its answers, and who took part.
import { expect, test } from 'vitest'
import {
  answeredOf,
  authorOf,
  digestsOf,
  isDisputed,
  isOpen,
  lookOf,
  nameOf,
  settledDigest,
  tookPart,
  type Attempt,
  type Shard,
} from './shards.ts'

const answer = (change: Partial<Attempt> = {}): Attempt => ({
  agent: 'a',
  role: 'first',
  engine: 'wasm',
  trusted: false,
  digest: 'x',
  void: false,
  ...change,
})
const shard = (verdict: Shard['verdict'], attempts: Attempt[] = [], digest: string | null = null): Shard => ({
  shard: 41,
  pass: 0,
  units: { first: '5373952', count: 131_072 },
  verdict,
  digest,
  attempts,
})

test.each([
  ['open', 'waiting'],
  ['planning', 'waiting'],
  ['leased', 'running'],
  ['storing', 'running'],
  ['to-check', 'toCheck'],
  ['checking', 'toCheck'],
  ['disputed', 'disputed'],
  ['refereeing', 'disputed'],
  ['unsettled', 'void'],
] as const)('%s is %s', (verdict, fill) => expect(lookOf(shard(verdict)).fill).toBe(fill))

test('what had an answer when the job ended without a result is not called uncomputed', () => {
  const left = shard('unsettled', [answer()])
  expect(lookOf(left)).toEqual({ fill: 'answered', shape: 'disc', wasVoid: false })
  expect(nameOf(left)).toContain('answered when the job ended, and not used')
  expect(lookOf(shard('unsettled', [answer({ void: true })])).fill).toBe('void')
  expect(answeredOf([left, shard('unsettled'), shard('accepted', [answer()])])).toBe(2)
})

test('accepted is checked once a second answer agrees, and not by one that is void or differs', () => {
  const first = answer()
  const looks = (more: Partial<Attempt>) => lookOf(shard('accepted', [first, answer({ agent: 'b', ...more })], 'x'))
  expect(lookOf(shard('accepted', [first], 'x'))).toEqual({ fill: 'accepted', shape: 'disc', wasVoid: false })
  expect(looks({ role: 'check' }).fill).toBe('checked')
  expect(looks({ role: 'check', void: true })).toEqual({ fill: 'accepted', shape: 'disc', wasVoid: true })
  expect(looks({ role: 'check', digest: 'y' })).toEqual({ fill: 'accepted', shape: 'disc', wasVoid: true })
})

test('what is accepted and not stored yet is what all who count answered', () => {
  const two = [answer(), answer({ agent: 'b', role: 'check' })]
  expect([settledDigest(shard('accepted', two)), lookOf(shard('accepted', two)).fill]).toEqual(['x', 'checked'])
  expect(settledDigest(shard('accepted', [answer(), answer({ agent: 'b', digest: 'y' })]))).toBeNull()
  expect(settledDigest(shard('checking', [answer()]))).toBeNull()
})

test('the shape is the engine of the answer that counts', () => {
  const liar = answer({ agent: 'liar', engine: 'webgpu', digest: 'y', void: true })
  const judge = answer({ agent: 'judge', role: 'referee', engine: 'reference' })
  const settled = shard('accepted', [liar, judge], 'x')
  expect(authorOf(settled)).toBe(judge)
  expect(lookOf(settled).shape).toBe('diamond')
  expect(nameOf(settled)).toBe(
    'Shard 41, 5,373,952 to 5,505,023: accepted, an earlier answer is void, reference engine',
  )
  expect(digestsOf(settled)).toEqual(['y', 'x'])
  expect([isDisputed(settled), isDisputed(shard('accepted', [judge], 'x'))]).toEqual([true, false])
  expect([isOpen(settled), isOpen(shard('checking'))]).toEqual([false, true])
})

test('who took part, most shards first', () => {
  const shards = [
    shard('accepted', [answer(), answer({ agent: 'b', role: 'check', engine: 'webgpu' })], 'x'),
    shard('accepted', [answer({ agent: 'b' }), answer({ agent: 'a', void: true })], 'x'),
    shard('accepted', [answer()], 'x'),
  ]
  expect(tookPart(shards)).toEqual([
    { agent: 'a', engines: ['wasm'], trusted: false, shards: 2, checks: 0, voids: 1 },
    { agent: 'b', engines: ['wasm', 'webgpu'], trusted: false, shards: 1, checks: 1, voids: 0 },
  ])
})
