// Strata of a spotcheck: what is checked of an author whatever the draw says covers none of its other shards, neither for
// the checks that are added nor for the bound.
import { describe, expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { boundsOf } from '@forge/shared/verifier/bound.ts'
import { Pool, row } from '../sim/pool.ts'
import { PROBATION_SHARDS } from './limits.ts'
import { isForeseeable } from './strata.ts'

const id = 'job' as JobId

describe('an author that became a veteran during the job', () => {
  // Every digest of the true answers, under the key of these tests, is beyond this rate: nothing is drawn by itself.
  const SHARDS = 16
  const RATE = 0.001
  const finished = (): { pool: Pool; drawn: number } => {
    const pool = new Pool({ referee: true })
    const referee = pool.join('referee', { referee: true })
    const a = pool.join('a', { fresh: true })
    pool.plan('job', SHARDS, { verify: 'spotcheck', spotcheck_rate: RATE })
    const job = pool.job(id)
    for (let round = 0; round < SHARDS && job.phase === 'running'; round++)
      for (const each of [a, referee]) pool.work(each)
    const drawn = job.shards.filter((shard, index) => shard.mustCheck && !isForeseeable(job, shard, index)).length
    return { pool, drawn }
  }

  it('is checked among what it ran since', () => {
    expect(finished().drawn).toBe(1)
  })

  it('counts as accepted once for each shard, though one had its digest before its check was drawn', () => {
    expect(finished().pool.hub.counts.accepted).toBe(SHARDS)
  })

  it('has two strata in the bound', () => {
    const proven = PROBATION_SHARDS
    const later = { shards: SHARDS - proven, checked: 1, checkedByTrusted: 1 }
    const { bound } = finished().pool.last('complete')?.record ?? {}
    expect(bound).toEqual(boundsOf([{ shards: proven, checked: proven, checkedByTrusted: proven }, later]))
    // Together they would look as if most had been drawn.
    const together = boundsOf([{ shards: SHARDS, checked: proven + 1, checkedByTrusted: proven + 1 }])
    expect(bound?.[0]?.max_wrong_shards).toBeGreaterThan(together[0]?.max_wrong_shards ?? Infinity)
  })

  it('has the same one checked after a restart, at no cost', () => {
    const { pool } = finished()
    const shards = pool.commands.flatMap((command) => (command.type === 'store' ? command.submissions : []))
    const again = new Pool({ referee: true })
    again.plan('job', SHARDS, { verify: 'spotcheck', spotcheck_rate: RATE }, shards, { state: 'VERIFYING' })
    expect(again.last('complete')?.record.bound).toEqual(pool.last('complete')?.record.bound)
  })
})

describe('a shard that a backup answered too', () => {
  it('covers nothing else of its author', () => {
    const pool = new Pool({ referee: true })
    pool.join('referee', { referee: true })
    const rows = Array.from({ length: 8 }, (_, shard) => row(shard, 'a'))
    pool.plan('job', 8, { verify: 'spotcheck', spotcheck_rate: 0.001 }, [], { state: 'RUNNING' })
    const job = pool.job(id)
    const [slow] = job.shards
    if (slow === undefined) throw new Error('there is a first shard')
    slow.backedUp = true
    pool.raise({ type: 'stored', submissions: [row(0, 'b', { role: 'check' }), ...rows] })
    expect(job.shards.slice(1).some(({ mustCheck }) => mustCheck)).toBe(true)
  })
})
