// What every store must know of identities: standings that only go where they are put, quarantines that are appended, and
// checkers that are never of the network that they check.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { isRefusal } from './sql-error.ts'
import type { ShardWrites, Store, SubmissionRow } from './store.ts'
import { aSubmission, identityOf, noWrites } from './store.fixtures.ts'

export function testIdentities(store: () => Store, inserted: () => Promise<JobId>): void {
  const write = (writes: Partial<ShardWrites>): Promise<void> => store().writeShards({ ...noWrites, ...writes })
  const anyone = () => identityOf(ulid())

  test('a standing is what was put last, for its own kernel and engine', async () => {
    const identity = anyone()
    const put = (valid: number, engine: 'wasm' | 'webgpu' = 'wasm', kernel = 'mc/1/insurance.v1') => ({
      identity,
      kernel,
      engine,
      valid,
    })
    expect(await store().standingsOf(identity)).toEqual([])
    await write({ standings: [put(1), put(9, 'webgpu'), put(2), { ...put(5), identity: anyone() }, put(3)] })
    await write({ standings: [put(0), put(4, 'wasm', 'mc/1/other.v1')] })
    expect(await store().standingsOf(identity)).toEqual([
      { kernel: 'mc/1/insurance.v1', engine: 'wasm', valid: 0 },
      { kernel: 'mc/1/insurance.v1', engine: 'webgpu', valid: 9 },
      { kernel: 'mc/1/other.v1', engine: 'wasm', valid: 4 },
    ])
    const many = Array.from({ length: 30 }, (_, i) => write({ standings: [put(i)] }))
    await Promise.all(many)
    expect((await store().standingsOf(identity))[0]?.valid, 'calls keep their order').toBe(29)
  })

  test('exposures add up, and a release ends the one that it names', async () => {
    const identity = anyone()
    const seen = async () => (await store().quarantines()).filter((row) => row.identity === identity)
    const first = { identity, number: 1, reason: 'shard 3', atMs: 1_790_000_000_001 }
    const second = { identity, number: 2, reason: 'shard 4', atMs: 1_790_000_000_003 }
    await write({ quarantines: [first] })
    await write({ quarantines: [{ ...first, reason: 'another' }] })
    const one = {
      identity,
      exposures: 1,
      lastAtMs: 1_790_000_000_001,
      previousAtMs: null,
      reason: 'shard 3',
      released: false,
    }
    expect(await seen()).toEqual([one])
    const release = { identity, number: 1, atMs: 1_790_000_000_002, lastOrder: 0 }
    await write({ releases: [release] })
    await write({ releases: [release] })
    expect(await seen()).toEqual([{ ...one, released: true }])
    await write({ quarantines: [second] })
    expect(await seen()).toEqual([
      {
        identity,
        exposures: 2,
        lastAtMs: 1_790_000_000_003,
        previousAtMs: 1_790_000_000_001,
        reason: 'shard 4',
        released: false,
      },
    ])
    await expect(write({ releases: [{ ...release, number: 3 }] })).rejects.toThrow(/releases_quarantine/)
  })

  const author = (jobId: JobId, shard: number, network = 'A'): SubmissionRow =>
    aSubmission(jobId, shard, { executor: identityOf(`author ${network}`), network, distinctNetwork: true })
  const checker = (jobId: JobId, shard: number, network: string, name = network): SubmissionRow => ({
    ...author(jobId, shard, network),
    executor: identityOf(`checker ${name}`),
    role: 'check',
  })

  test('a checker of the author’s network is refused, and fails alone', async () => {
    const id = await inserted()
    await write({ submissions: [author(id, 0), author(id, 1)] })
    const results = await Promise.allSettled([
      write({ submissions: [checker(id, 0, 'B')] }),
      write({ submissions: [checker(id, 1, 'A')] }),
      write({ submissions: [author(id, 2)] }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(isRefusal(results[1]?.status === 'rejected' ? results[1].reason : null)).toBe(true)
    await expect(write({ submissions: [checker(id, 0, 'B', 'another')] })).rejects.toThrow(/network of its checker/)
    const together = [author(id, 5), checker(id, 5, 'A')]
    await expect(write({ submissions: together }), 'in one statement').rejects.toThrow(/network of its checker/)
    expect((await store().submissions(id)).map(({ shard, role }) => [shard, role])).toEqual([
      ...(identityOf('author A') < identityOf('checker B')
        ? [
            [0, 'first'],
            [0, 'check'],
          ]
        : [
            [0, 'check'],
            [0, 'first'],
          ]),
      [1, 'first'],
      [2, 'first'],
    ])
  })

  test('a checker of the owner of any who answered the shard is refused, whatever network they are in', async () => {
    const id = await inserted()
    const [own, other] = ['owner', 'another'] as ProjectId[]
    const owned = (row: SubmissionRow, owner: ProjectId | null): SubmissionRow => ({
      ...row,
      owner,
      distinctNetwork: false,
    })
    await write({ submissions: [0, 1, 2, 3].map((shard) => owned(author(id, shard), own ?? null)) })
    const refused = write({ submissions: [owned(checker(id, 0, 'B'), own ?? null)] })
    await expect(refused).rejects.toThrow(/by the owner of its checker/)
    await write({ submissions: [owned(checker(id, 1, 'B'), other ?? null)] })
    // The one who comes third has to differ from both.
    const third = write({ submissions: [owned(checker(id, 1, 'C'), other ?? null)] })
    await expect(third).rejects.toThrow(/by the owner of its checker/)
    await write({ submissions: [owned(checker(id, 2, 'B'), null)] })
    await write({ submissions: [{ ...owned(checker(id, 3, 'B'), own ?? null), role: 'referee' }] })
    expect((await store().submissions(id)).map(({ owner }) => owner).toSorted()).toEqual(
      [own, own, own, own, own, other, null].toSorted(),
    )
  })

  test('a check that is there already may be written again, whoever came since', async () => {
    const id = await inserted()
    const check = checker(id, 0, 'B')
    await write({ submissions: [author(id, 0), check] })
    await write({ submissions: [check] })
    await write({ submissions: [{ ...author(id, 0, 'B'), executor: identityOf('late') }] })
    await write({ submissions: [check] })
    expect(await store().submissions(id)).toHaveLength(3)
  })

  test('the rule does not bind where it is not in force, nor the referee, nor behind an answer that is void', async () => {
    const id = await inserted()
    await write({ submissions: [0, 1, 2].map((shard) => author(id, shard)) })
    await write({ submissions: [{ ...checker(id, 0, 'A'), distinctNetwork: false }] })
    await write({ submissions: [{ ...checker(id, 1, 'A'), role: 'referee' }] })
    await write({ voids: [{ jobId: id, shard: 2, executor: author(id, 2).executor, reason: 'exposed' }] })
    await write({ submissions: [checker(id, 2, 'A')] })
    expect((await store().submissions(id)).filter(({ executor }) => executor === identityOf('checker A'))).toHaveLength(
      3,
    )
  })
}
