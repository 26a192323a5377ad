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

  describe('that was at fault', () => {
    const right = (pool: Pool, job: string, executor: string, some: Some = {}): void => {
      const own = row(0, executor, { digest: trueDigest(job as JobId, 0) })
      judged(pool, job, [{ ...own, engine: 'webgpu', ...some }])
    }

    it('gets work again when veterans of as many other networks as were wrong agree with the referee on it', () => {
      const pool = suspected()
      for (const [n, name] of ['e', 'f', 'g'].entries()) right(pool, `right-${n}`, name)
      expect(pool.hub.suspended.size).toBe(1)
      right(pool, 'last', 'h')
      expect(pool.hub.suspended.size).toBe(0)
      expect(pool.hub.defenders.size).toBe(0)
      expect(works(pool, 'on-gpu')).toBe(true)
    })

    it('gets none for one that is right many times, for fresh keys, or for those who were wrong as well', () => {
      const pool = suspected()
      for (let n = 0; n < 9; n++) {
        right(pool, `one-${n}`, 'e')
        right(pool, `fresh-${n}`, `fresh-${n}`, { tier: 'probation' })
        right(pool, `wrong-${n}`, `x-${n}`, { network: 'a' })
      }
      expect(pool.hub.suspended.size).toBe(1)
    })

    it('loses the word of who is right on some inputs and wrong on others', () => {
      const pool = suspected()
      for (const name of ['e', 'f', 'g']) right(pool, `right-${name}`, name)
      judged(pool, 'wrong', lies({}, 'e', 'f'))
      for (const name of ['h', 'i', 'j', 'k']) right(pool, `right-${name}`, name)
      expect(pool.hub.suspended.size, 'six were wrong, and five right').toBe(1)
      right(pool, 'right-l', 'l')
      expect(pool.hub.suspended.size).toBe(0)
    })
  })
})
