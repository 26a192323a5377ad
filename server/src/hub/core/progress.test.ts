// Progress keeps a lease alive while a long shard is computed: only progress, only of who holds it, and not for ever.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { Pool, type Handed } from '../sim/pool.ts'
import { UNITS_PER_SHARD } from '../sim/kernel.ts'
import { LEASE_LIFE_MS_MIN, LEASE_MS_MIN } from './limits.ts'

const id = 'job' as JobId
const STEP_MS = 2_000

/** One agent, which holds one shard of a job of one. */
function holding(): { pool: Pool; held: Handed; isHeld: () => boolean } {
  const pool = new Pool()
  const slow = pool.join('slow')
  pool.plan('job', 1, { timeout_ms: 600_000 })
  const [held] = pool.held(slow)
  if (held === undefined) throw new Error('nothing was handed out')
  const isHeld = (): boolean => pool.held(slow).some(({ order }) => order.epoch === held.order.epoch)
  return { pool, held, isHeld }
}

function progress(pool: Pool, { session, order }: Handed, units: number, epoch = order.epoch): void {
  pool.raise({ type: 'progress', session, assignmentId: order.assignmentId, epoch, units })
}

describe('a lease', () => {
  it('ends without progress, or with words that name none', () => {
    const all = UNITS_PER_SHARD
    // The last grows a unit at a time, at which the shard would take minutes; the one before has more than there are.
    for (const units of [
      () => 5,
      (n: number) => 100 - n,
      (n: number) => all + n + 1,
      (n: number) => Math.ceil((n + 1) / 3),
    ]) {
      const { pool, held, isHeld } = holding()
      for (let n = 0; n * STEP_MS < LEASE_MS_MIN; n++) {
        pool.at(n * STEP_MS)
        progress(pool, held, units(n))
        expect(isHeld()).toBe(true)
      }
      pool.at(LEASE_MS_MIN)
      expect(isHeld()).toBe(false)
      expect(pool.job(id).open.size + pool.held(held.session).length, 'it is handed out again').toBe(1)
    }
  })

  it('goes on with progress, until its life is over', () => {
    const { pool, held, isHeld } = holding()
    let nowMs = 0
    for (; isHeld(); nowMs += STEP_MS) {
      pool.at(nowMs)
      progress(pool, held, Math.ceil((UNITS_PER_SHARD * (1 + nowMs)) / ((3 * LEASE_LIFE_MS_MIN) / 2)))
      if (nowMs > 2 * LEASE_LIFE_MS_MIN) throw new Error('it never ended')
    }
    expect(nowMs).toBeGreaterThanOrEqual(LEASE_LIFE_MS_MIN)
    expect(nowMs).toBeLessThanOrEqual(LEASE_LIFE_MS_MIN + 2 * STEP_MS)
  })

  it('does not hear of another epoch, assignment or session', () => {
    const { pool, held, isHeld } = holding()
    const other = pool.join('other')
    pool.at(LEASE_MS_MIN - 1)
    progress(pool, held, 50, held.order.epoch + 1)
    progress(pool, { ...held, session: other }, 50)
    progress(pool, { ...held, order: { ...held.order, assignmentId: 'none' as typeof held.order.assignmentId } }, 50)
    pool.at(LEASE_MS_MIN)
    expect(isHeld()).toBe(false)
  })
})
