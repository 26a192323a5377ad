// A record is held to the core's rules also where fresh keys agree, whose many answers are one word.
import { expect, test } from 'vitest'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { row } from '../hub/sim/pool.ts'
import { trueDigest } from '../hub/sim/reference.ts'
import { checkRecord } from './check-record.ts'
import { checkVerdicts } from './check-shards.ts'

const jobId = 'job' as JobId
const digest = (shard: number): Digest => trueDigest(jobId, shard)
const fresh = { tier: 'probation' as const }
/** Shard 0 has two fresh keys, shard 1 a veteran and its checker. */
const submissions = [
  row(0, 'a', fresh),
  row(0, 'b', { ...fresh, role: 'check' }),
  row(1, 'c'),
  row(1, 'd', { role: 'check' }),
].map((each) => ({ ...each, isVoid: false }))
const verdict = (shard: number, confirmations: number) => ({
  jobId,
  shard,
  digest: digest(shard),
  confirmations,
  trusted: false,
})
const verdicts = [verdict(0, 1), verdict(1, 2)]
const record = { shards: 2, checked: 1, checked_by_trusted: 0, mismatches: 0, voided: 0, authors: 2, networks: 4 }

test('what is right is found good, with a late fresh key as well', () => {
  expect(checkRecord(record, verdicts, submissions)).toEqual([])
  expect(checkRecord({ ...record, networks: 3 }, verdicts, submissions)).toEqual([])
})

test.each([{ mismatches: 1 }, { authors: 3 }, { authors: 0 }, { networks: 5 }, { networks: 1 }])(
  '%j is found',
  (wrong) => {
    const [name] = Object.keys(wrong)
    const found = checkRecord({ ...record, ...wrong }, verdicts, submissions)
    expect(found).toEqual([expect.stringContaining(`its record says ${name}`)])
  },
)

test('two fresh keys are no two confirmations', () => {
  expect(checkVerdicts(2, { verdicts: [verdict(0, 2), verdict(1, 2)], submissions })).toEqual([
    'shard 0 has fewer answers behind its verdict than that says',
  ])
})
