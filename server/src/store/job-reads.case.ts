// What every store must say of many jobs, and of the shards of one: its own project's alone, filtered, page by page.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problem, type ProblemCode } from '@forge/shared/contract/problem.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import type { NewJob, Store } from './store.ts'
import { accepted, aJob, aSubmission, complete, digestOf, identityOf, noWrites } from './store.fixtures.ts'

export interface JobReadsTool {
  store(): Store
  otherProject(): Promise<ProjectId>
}

const first = { after: null, limit: 100 }
const requestOf = (profile: string): string => `{"op":{"name":"mc","profile":"${profile}","version":1}}`

export function testJobReads({ store, otherProject }: JobReadsTool): void {
  const put = async (projectId: ProjectId, change: Partial<NewJob> = {}): Promise<JobId> => {
    const job = aJob(projectId, change)
    await store().insertJob(job)
    return job.id
  }

  test('a replay names its original for ever, and who answered a job is known, also where it was void', async () => {
    const own = await otherProject()
    const id = await put(own)
    const replay = await put(own, { replayOf: id })
    expect([(await store().job(id))?.replayOf, (await store().job(replay))?.replayOf]).toEqual([null, id])
    expect((await store().jobsOf(own, {}, first)).map(({ replayOf }) => replayOf).toSorted()).toEqual([id, null])
    const [event] = await store().eventsOf(replay, -1)
    expect(JSON.parse(event?.data ?? '')).toMatchObject({ replayOf: id })
    const [one, two] = [identityOf('one'), identityOf('two')]
    const submissions = [aSubmission(id, 0, { executor: one }), aSubmission(id, 1, { executor: two })]
    await store().writeShards({ ...noWrites, submissions: [...submissions, aSubmission(id, 2, { executor: two })] })
    await store().writeShards({ ...noWrites, voids: [{ jobId: id, shard: 0, executor: one, reason: 'a lie' }] })
    expect(await store().executorsOf(id)).toEqual([one, two].toSorted())
    expect(await store().executorsOf(replay)).toEqual([])
    // The original must be there.
    await expect(put(own, { replayOf: aJob(own).id })).rejects.toThrow()
  })

  test('jobs are listed newest first, for their own project alone, and page by page without a gap', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const ids: JobId[] = []
    // Two of the same millisecond: then the id decides.
    for (const createdAtMs of [1, 2, 2, 3]) ids.push(await put(own, { createdAtMs }))
    await put(other, { createdAtMs: 2 })
    const [a, b, c, d] = ids
    const order = [d, ...[b, c].toSorted().toReversed(), a]
    expect((await store().jobsOf(own, {}, first)).map(({ id }) => id)).toEqual(order)
    const seen: unknown[] = []
    let after: readonly [number, string] | null = null
    for (;;) {
      const [row] = await store().jobsOf(own, {}, { after, limit: 1 })
      if (row === undefined) break
      seen.push(row.id)
      after = [row.createdAtMs, row.id]
    }
    expect(seen).toEqual(order)
  })

  test('each filter narrows the list', async () => {
    const own = await otherProject()
    const done = await put(own, { createdAtMs: 10, request: requestOf('a.v1'), clientJobId: 'mine' })
    const failed = await put(own, { createdAtMs: 20, request: requestOf('b.v1') })
    const failure = problem('TIMED_OUT', 'late')
    await store().finishJob(done, {
      state: 'COMPLETED',
      answer: '{"billing":{"credits":1},"hub":{"metrics":{"shards":2}}}',
      finishedAtMs: 15,
    })
    await store().finishJob(failed, { state: 'FAILED', problem: failure, finishedAtMs: 25 })
    const listed = async (filter: Parameters<Store['jobsOf']>[1]) =>
      (await store().jobsOf(own, filter, first)).map(({ id }) => id)
    expect(await listed({})).toEqual([failed, done])
    expect(await listed({ state: 'COMPLETED' })).toEqual([done])
    expect(await listed({ clientJobId: 'mine' })).toEqual([done])
    expect(await listed({ op: 'mc/1/b.v1' })).toEqual([failed])
    expect(await listed({ op: 'mc' })).toEqual([])
    expect(await listed({ createdFromMs: 20 })).toEqual([failed])
    expect(await listed({ createdBeforeMs: 20 })).toEqual([done])
    expect(await listed({ state: 'FAILED', op: 'mc/1/a.v1' })).toEqual([])
    const [second, one] = await store().jobsOf(own, {}, first)
    expect(one).toMatchObject({ op: 'mc/1/a.v1', clientJobId: 'mine', problem: null, finishedAtMs: 15 })
    expect(JSON.parse(one?.billing ?? '')).toEqual({ credits: 1 })
    expect(JSON.parse(one?.metrics ?? '')).toEqual({ shards: 2 })
    expect(second).toMatchObject({ problem: failure, billing: null, metrics: null, terms: null })
    for (const row of [one, second]) expect(row).not.toHaveProperty('request')
    const another = await put(await otherProject(), { request: requestOf('c.v1') })
    expect(await store().requestsOf(own, [failed, another])).toEqual(new Map([[failed, requestOf('b.v1')]]))
    expect(await store().requestsOf(own, [])).toEqual(new Map())
  })

  test('jobs that had begun and were cancelled or timed out are counted by the day of their end', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    const day = 86_400_000
    const nowMs = 20_000 * day + 1_000
    const verification = { mode: 'none', shards: 2, accepted: 1, executions: 1, mismatches: 0, voided: 0 } as const
    const seen = (code: ProblemCode) => problem(code, 'x', code === 'CANCELLED' ? {} : { verification })
    const ended = async (code: ProblemCode, finishedAtMs: number, begun = true, why = seen(code)) => {
      const id = await put(own, { createdAtMs: finishedAtMs - 500 })
      if (begun) await store().updateJob(id, { state: 'RUNNING', reason: null, startedAtMs: finishedAtMs - 400 })
      const state = code === 'CANCELLED' ? 'CANCELLED' : 'FAILED'
      expect(await store().finishJob(id, { state, problem: why, finishedAtMs })).toBe(true)
    }
    const counted = (most: number) => store().givenUpOnDay(own, nowMs, most)
    for (const code of ['TIMED_OUT', 'CANCELLED'] as const) {
      await ended(code, 20_000 * day - 1)
      await ended(code, nowMs, false)
    }
    await ended('KERNEL_FAULT', nowMs)
    // Its deadline passed while the server was down.
    await ended('TIMED_OUT', nowMs, true, problem('TIMED_OUT', 'x'))
    expect(await counted(9)).toBe(0)
    await ended('TIMED_OUT', 20_000 * day)
    expect(await counted(9)).toBe(1)
    await ended('CANCELLED', nowMs)
    expect([await counted(9), await counted(1)]).toEqual([2, 1])
    expect(await store().givenUpOnDay(other, nowMs, 9)).toBe(0)
  })

  test('jobs that have not ended are counted, and those of them that have not begun', async () => {
    const [own, other] = [await otherProject(), await otherProject()]
    expect(await store().jobsAtATime(own)).toEqual({ concurrent: 0, queued: 0 })
    const [begun, verifying] = [await put(own), await put(own), await put(own), await put(other)]
    for (const id of [begun, verifying]) {
      await store().updateJob(id, { state: 'RUNNING', reason: null, startedAtMs: 1_000 })
    }
    await store().updateJob(verifying, { state: 'VERIFYING', reason: null })
    expect(await store().jobsAtATime(own)).toEqual({ concurrent: 3, queued: 1 })
    const end = { state: 'CANCELLED', problem: problem('CANCELLED', 'x'), finishedAtMs: 2_000 } as const
    await store().finishJob(begun, end)
    expect(await store().jobsAtATime(own)).toEqual({ concurrent: 2, queued: 1 })
  })

  test('attempts and verdicts of a range of shards, void ones marked', async () => {
    const id = await put(await otherProject())
    const liar = identityOf(`liar ${ulid()}`)
    const wrong = aSubmission(id, 1, { executor: liar, engine: 'webgpu', digest: digestOf('wrong') })
    await store().writeShards({ ...noWrites, submissions: [wrong] })
    const voids = [{ jobId: id, shard: 1, executor: liar, reason: 'wrong' }]
    await complete(store(), id, { ...accepted(id, [0, 1, 2, 3]), voids })
    const attempts = await store().attemptsOf(id, 1, 3)
    expect(attempts.map(({ shard, isVoid, engine }) => [shard, isVoid, engine]).toSorted()).toEqual([
      [1, false, 'wasm'],
      [1, true, 'webgpu'],
      [2, false, 'wasm'],
    ])
    expect(await store().verdictsOf(id, 1, 3)).toEqual(
      [1, 2].map((shard) => ({ shard, digest: digestOf(`shard ${shard}`) })),
    )
  })
}
