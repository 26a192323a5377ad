// What is said of a job's progress never goes back: not even of one that a restart found between its verdicts and its end.
import { expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Ending } from '../core/events.ts'
import { Pool, row } from '../sim/pool.ts'
import { trueDigest } from '../sim/reference.ts'
import { progressOf } from './progress.ts'

const id = 'job' as JobId
const ending: Ending = {
  verdicts: [0, 1].map((shard) => ({
    jobId: id,
    shard,
    digest: trueDigest(id, shard),
    confirmations: 1,
    trusted: false,
  })),
  record: {
    mode: 'none',
    status: 'clean',
    shards: 2,
    checked: 0,
    checked_by_trusted: 0,
    mismatches: 0,
    voided: 0,
    authors: 1,
    networks: 1,
    distinct_network: true,
    executions: 2,
    strata: [],
    bound: null,
  },
  kernelMs: 12,
  agents: 1,
  engines: ['wasm'],
  warnings: [],
}

test('a job that was resumed at its end has every shard', () => {
  const pool = new Pool()
  pool.plan('job', 2, { verify: 'none' }, [row(0, 'a'), row(1, 'a')], { state: 'RUNNING', ending })
  expect(progressOf(pool.hub, id)).toMatchObject({ shards: 2, answered: 2, accepted: 2, toCheck: 0 })
})

test('one that was resumed before has those that were stored', () => {
  const pool = new Pool()
  pool.plan('job', 2, { verify: 'none' }, [row(0, 'a')], { state: 'RUNNING' })
  expect(progressOf(pool.hub, id)).toMatchObject({ shards: 2, answered: 1, accepted: 1 })
})
