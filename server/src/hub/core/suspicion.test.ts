// When an engine gets no more work because the referee alone differs from those who work on it, and when it does again.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { SubmissionRow } from '../../store/store.ts'
import { KERNEL } from '../sim/kernel.ts'
import { Pool, row } from '../sim/pool.ts'
import { trueDigest } from '../sim/reference.ts'
import { SUSPENSION_MS } from './limits.ts'

const GPU = `${KERNEL} webgpu`
type Some = Partial<SubmissionRow>

/** A job of whose first shard these are the answers, and the referee's. */
const judged = (pool: Pool, name: string, answers: readonly SubmissionRow[]): void => {
  const referee = { ...row(0, 'referee', { role: 'referee' }), digest: trueDigest(name as JobId, 0) }
  const rows = [...answers, referee].map((each) => ({ ...each, jobId: name as JobId }))
  pool.plan(name, 40, { verify: 'none' }, rows)
}
const lies = (some: Some, ...executors: string[]): SubmissionRow[] =>
  executors.map((name) => ({ ...row(0, name, { digest: `${name}|0` as Digest }), engine: 'webgpu', ...some }))
const suspected = (some: Some = {}): Pool => {
  const pool = new Pool({ referee: true, distinctNetwork: true })
  judged(pool, 'one', lies(some, 'a', 'b'))
  expect(pool.hub.suspended.size).toBe(0)
  judged(pool, 'two', lies(some, 'c', 'd'))
  return pool
}
const works = (pool: Pool, name: string): boolean => pool.held(pool.join(name, { engine: 'webgpu' })).length > 0

describe('an engine', () => {
  it('gets no work when the referee alone differs from three veterans who differ among themselves', () => {
    const pool = suspected()
    expect([...pool.hub.suspended.keys()]).toEqual([GPU])
    expect(works(pool, 'on-gpu')).toBe(false)
    expect(pool.held(pool.join('on-wasm')).length).toBeGreaterThan(0)
  })

  it.each<[string, Some]>([
    ['fresh keys', { tier: 'probation' }],
    ['one network', { network: 'same' }],
    ['the referee’s own engine', { engine: 'wasm' }],
  ])('gets work whatever %s return', (_, some) => {
    expect([...suspected(some).hub.suspended]).toEqual([])
  })

  it('is suspected by a veteran and fresh keys together no more than by fresh keys', () => {
    const pool = new Pool({ referee: true, distinctNetwork: true })
    for (const name of ['a', 'b', 'c', 'd']) {
      judged(pool, name, [...lies({}, name), ...lies({ tier: 'probation' }, `${name}-fresh`)])
    }
    expect(pool.hub.suspects.size).toBe(0)
  })

  it('gets work again when its time is over, and the same answers are no reason twice', () => {
    const pool = suspected()
    pool.join('on-gpu', { engine: 'webgpu' })
    pool.at(SUSPENSION_MS - 1)
    expect(pool.hub.suspended.size).toBe(1)
    pool.at(SUSPENSION_MS)
    pool.plan('later', 4)
    expect(pool.hub.suspended.size).toBe(0)
    expect(pool.hub.suspects.size).toBe(0)
    expect(works(pool, 'another')).toBe(true)
  })

  it('gets work again when a veteran of another network agrees with the referee on it', () => {
    const pool = suspected()
    const right = (some: Some): SubmissionRow => ({
      ...row(0, 'honest', { digest: trueDigest('three' as JobId, 0) }),
      engine: 'webgpu',
      ...some,
    })
    judged(pool, 'three', [right({ tier: 'probation' })])
    expect(pool.hub.suspended.size).toBe(1)
    judged(pool, 'four', [{ ...right({}), digest: trueDigest('four' as JobId, 0) }])
    expect(pool.hub.suspended.size).toBe(0)
    expect(works(pool, 'on-gpu')).toBe(true)
  })
})
