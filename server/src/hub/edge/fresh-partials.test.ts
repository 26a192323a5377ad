// What is kept of quick jobs' partials, for how long, and which job's go first.
import { expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { FreshPartials } from './fresh-partials.ts'
import { FRESH_PARTIAL_BYTES_MAX } from './limits.ts'

const [one, other] = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'] as [JobId, JobId]
const row = (jobId: JobId, shard: number, digest: string, bytes = 4) => ({
  jobId,
  shard,
  digest: digest as Digest,
  bytes: new Uint8Array(bytes).fill(shard),
})

test('the partials behind the verdicts, in their order; nothing where one of them is not here', () => {
  const fresh = new FreshPartials()
  fresh.keep(one, [row(one, 0, 'a'), row(one, 1, 'b')])
  fresh.keep(one, [row(one, 1, 'wrong')])
  expect(fresh.behind(one, [row(one, 1, 'b'), row(one, 0, 'a')])).toEqual([row(one, 1, 'b'), row(one, 0, 'a')])
  expect(fresh.behind(one, [row(one, 0, 'a'), row(one, 1, 'c')])).toBeNull()
  expect(fresh.behind(other, [row(other, 0, 'a')])).toBeNull()
  expect(fresh.behind(other, [])).toEqual([])
  fresh.forget(one)
  expect(fresh.behind(one, [row(one, 0, 'a')])).toBeNull()
})

test('beyond their bound those of the job that was told of least lately go', () => {
  const fresh = new FreshPartials()
  fresh.keep(one, [row(one, 0, 'a', FRESH_PARTIAL_BYTES_MAX / 2)])
  fresh.keep(other, [row(other, 0, 'a', FRESH_PARTIAL_BYTES_MAX / 2)])
  expect(fresh.behind(one, [row(one, 0, 'a')])).toBeNull()
  expect(fresh.behind(other, [row(other, 0, 'a')])).toHaveLength(1)
  // More than all of it is kept for no job.
  fresh.keep(one, [row(one, 0, 'a', FRESH_PARTIAL_BYTES_MAX + 1)])
  expect(fresh.behind(one, [row(one, 0, 'a')])).toBeNull()
})
