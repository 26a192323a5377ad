// Notices beside completed jobs, of every store: for those that rest on an exposed identity alone, once, however often and
// of how many jobs.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { STORE_LIMITS } from './limits.ts'
import type { Store } from './store.ts'
import { accepted, aSubmission, aVerdict, complete, digestOf, identityOf, noWrites } from './store.fixtures.ts'

/** `isLarge`: what takes dozens of jobs as well. */
export function testNotices(store: () => Store, inserted: () => Promise<JobId>, isLarge: boolean): void {
  const AT_MS = 1_790_000_000_011
  const by = (executor: ReturnType<typeof identityOf>, jobId: JobId, shards: readonly number[]) => ({
    ...accepted(jobId, shards),
    submissions: shards.map((shard) => aSubmission(jobId, shard, { executor })),
  })

  test('a completed job that rests on an exposed identity gets one notice, with its shards', async () => {
    const id = await inserted()
    const [liar, other] = [identityOf(`liar ${id}`), identityOf(`other ${id}`)]
    const writes = by(liar, id, [0, 1, 2, 5, 7, 8, 9, 10, 11])
    const alone = (shard: number) => ![7, 8, 9, 10].includes(shard)
    await store().writeShards({
      ...noWrites,
      submissions: [aSubmission(id, 10, { executor: liar, digest: digestOf('wrong') })],
      voids: [{ jobId: id, shard: 9, executor: liar, reason: 'exposed once' }],
    })
    await complete(store(), id, {
      ...writes,
      submissions: [...writes.submissions, aSubmission(id, 7, { executor: other }), aSubmission(id, 10)],
      verdicts: writes.verdicts.map((verdict) => ({
        ...verdict,
        confirmations: verdict.shard === 7 ? 2 : 1,
        trusted: verdict.shard === 8,
      })),
    })
    expect(await store().noticesOf(id)).toEqual([])
    expect(await store().noticeFinished(other, 'no matter', AT_MS)).toEqual([])
    for (let i = 0; i < 2; i++) expect(await store().noticeFinished(liar, 'it lied', AT_MS + i)).toEqual([id])
    const [notice, ...more] = await store().noticesOf(id)
    expect(more).toEqual([])
    expect(notice).toMatchObject({ jobId: id, number: 0, kind: 'integrity', identity: liar, atMs: AT_MS })
    const listed = writes.verdicts.map(({ shard }) => shard).filter(alone)
    expect(listed).toEqual([0, 1, 2, 5, 11])
    expect(JSON.parse(notice?.detail ?? '')).toEqual({
      identity: liar,
      reason: 'it lied',
      shards: 5,
      ranges: [
        { first: 0, last: 2 },
        { first: 5, last: 5 },
        { first: 11, last: 11 },
      ],
      more: 0,
    })
    const told = (await store().eventsOf(id, -1)).filter(({ type }) => type === 'notice')
    expect(told.map(({ data }) => JSON.parse(data))).toEqual([
      { number: 0, kind: 'integrity', digest: digest('notice.v1', utf8(notice?.detail ?? '')) },
    ])
  })

  test('two liars of one job make two notices; a job that runs or failed has none', async () => {
    const [id, failed, running] = [await inserted(), await inserted(), await inserted()]
    const liars = [identityOf(`one ${id}`), identityOf(`two ${id}`)] as const
    await complete(store(), id, {
      ...accepted(id, [0, 1]),
      submissions: liars.map((executor, shard) => aSubmission(id, shard, { executor })),
    })
    for (const jobId of [failed, running]) await store().writeShards(by(liars[0], jobId, [0]))
    const why = problem('TIMED_OUT', 'x')
    await store().finishJob(failed, { state: 'FAILED', problem: why, finishedAtMs: 1_790_000_000_009 })
    for (const liar of liars) expect(await store().noticeFinished(liar, 'it lied', AT_MS)).toEqual([id])
    expect((await store().noticesOf(id)).map(({ number, identity }) => [number, identity])).toEqual([
      [0, liars[0]],
      [1, liars[1]],
    ])
    for (const jobId of [failed, running]) expect(await store().noticesOf(jobId)).toEqual([])
  })

  test('two who confirmed each other and were both exposed make a notice with the second exposure', async () => {
    const id = await inserted()
    const liars = [identityOf(`one ${id}`), identityOf(`two ${id}`)] as const
    await complete(store(), id, {
      ...accepted(id, [0, 1]),
      submissions: [
        aSubmission(id, 0, { executor: liars[0] }),
        aSubmission(id, 0, { executor: liars[1] }),
        aSubmission(id, 1, { executor: liars[1] }),
        aSubmission(id, 1, { executor: identityOf(`honest ${id}`) }),
      ],
      verdicts: [0, 1].map((shard) => aVerdict(id, shard, { confirmations: 2 })),
    })
    const noticed: JobId[][] = []
    for (const identity of liars) {
      await store().writeShards({ ...noWrites, quarantines: [{ identity, number: 1, reason: 'it lied', atMs: AT_MS }] })
      noticed.push(await store().noticeFinished(identity, 'it lied', AT_MS))
    }
    expect(noticed).toEqual([[], [id]])
    const [notice] = await store().noticesOf(id)
    expect(JSON.parse(notice?.detail ?? '')).toMatchObject({
      identity: liars[1],
      shards: 1,
      ranges: [{ first: 0, last: 0 }],
    })
  })

  if (!isLarge) return
  test('of many jobs all get theirs, batch by batch; of many ranges the first are listed', async () => {
    const liar = identityOf(ulid())
    const jobs = await Promise.all(Array.from({ length: 2 * STORE_LIMITS.jobsPerNoticeBatch + 3 }, () => inserted()))
    const [first] = jobs
    if (first === undefined) throw new Error('there are jobs')
    const apart = Array.from({ length: STORE_LIMITS.rangesPerNoticeMax + 9 }, (_, i) => 2 * i)
    for (const id of jobs) await complete(store(), id, by(liar, id, id === first ? apart : [0]))
    expect(await store().noticeFinished(liar, 'it lied', AT_MS)).toEqual(jobs.toSorted())
    for (const id of jobs) expect(await store().noticesOf(id)).toHaveLength(1)
    const detail: unknown = JSON.parse((await store().noticesOf(first))[0]?.detail ?? '')
    expect(detail).toMatchObject({
      shards: apart.length,
      more: 9,
      ranges: { length: STORE_LIMITS.rangesPerNoticeMax },
    })
    expect(await store().verdicts(first)).toContainEqual(aVerdict(first, 2))
  })
}
