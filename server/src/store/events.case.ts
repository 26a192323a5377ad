// The chain of a job's events, of every store: one event for each thing that happened, whoever repeats it, and each bound
// to the one before.
import { createHash } from 'node:crypto'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { fromHex, utf8 } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { eventHash } from './event-chain.ts'
import type { NewJob, Store } from './store.ts'
import { aSubmission, digestOf, identityOf, noWrites } from './store.fixtures.ts'

export function testEvents(store: () => Store, inserted: (change?: Partial<NewJob>) => Promise<JobId>): void {
  /** Type and data of each event, once the chain holds. */
  const told = async (id: JobId): Promise<unknown[]> => {
    const events = await store().eventsOf(id, -1)
    events.forEach((event, i) => {
      expect(event.number).toBe(i)
      expect(event.previous).toBe(events[i - 1]?.hash ?? null)
      expect(event.hash).toBe(eventHash(event))
      expect(event.atMs).toBeGreaterThan(1_700_000_000_000)
    })
    return events.map(({ type, data }) => [type, JSON.parse(data)])
  }

  test('a job’s life is told once, whatever is repeated', async () => {
    const samplingKey = '07'.repeat(32)
    const id = await inserted({ samplingKey })
    const registered = {
      contractDigest: digestOf('contract'),
      kernelDigest: digestOf('kernel'),
      requestDigest: digestOf('request'),
      samplingKeyHash: createHash('sha256').update(fromHex(samplingKey)).digest('hex'),
    }
    expect(await told(id)).toEqual([['registered', registered]])
    const start = { state: 'RUNNING', reason: null, planDigest: digestOf('plan'), startedAtMs: 5 } as const
    for (const reason of ['1 of 3 agents', '1 of 3 agents', '2 of 3 agents']) {
      await store().updateJob(id, { state: 'QUEUED', reason })
    }
    for (let i = 0; i < 2; i++) await store().updateJob(id, start)
    for (const basis of ['one', 'one', 'two']) await store().setBasis(id, digestOf(basis))
    const end = { state: 'COMPLETED', answer: '{"a":"ü"}', finishedAtMs: 1_790_000_000_009 } as const
    for (let i = 0; i < 3; i++) await store().finishJob(id, end)
    await store().updateJob(id, { state: 'RUNNING', reason: 'again' })
    expect(await told(id)).toEqual([
      ['registered', registered],
      ['state', { state: 'QUEUED', reason: '1 of 3 agents' }],
      ['state', { state: 'RUNNING', reason: null }],
      ['basis', { basis: digestOf('one') }],
      ['basis', { basis: digestOf('two') }],
      ['completed', { answer: digest('answer.v1', utf8('{"a":"ü"}')) }],
    ])
    expect((await store().eventsOf(id, 3)).map(({ number }) => number)).toEqual([4, 5])
    expect(await store().eventsOf(id, 5)).toEqual([])
  })

  test('an end writes along what was not written before it: beginning, verdicts, what was decided', async () => {
    const [id, executor] = [await inserted(), identityOf(ulid())]
    const submission = aSubmission(id, 0, { executor })
    await store().writeShards({
      ...noWrites,
      submissions: [submission],
      partials: [{ jobId: id, shard: 0, digest: submission.digest, bytes: new Uint8Array(1) }],
    })
    const verdict = { jobId: id, shard: 0, digest: submission.digest, confirmations: 1, trusted: false }
    const begun = { startedAtMs: 1_790_000_000_001, planDigest: digestOf('plan') }
    const decided = { verdicts: [verdict], ending: '{"agents":1}' }
    const end = { state: 'COMPLETED', answer: '{}', finishedAtMs: 1_790_000_000_009, begun, decided } as const
    expect(await store().finishJob(id, end)).toBe(true)
    expect((await told(id)).slice(1)).toEqual([
      ['state', { state: 'RUNNING', reason: null }],
      ['completed', { answer: digest('answer.v1', utf8('{}')) }],
    ])
    expect(await store().verdicts(id)).toEqual([verdict])
    expect(await store().job(id)).toMatchObject({ ...begun, state: 'COMPLETED', ending: decided.ending, reason: null })
    // The work of whoever took part is counted with the verdicts that came with the end.
    expect(await store().totalsOf([executor])).toMatchObject([
      { identity: executor, jobs: 1, accepted: 1, rejected: 0 },
    ])
  })

  test('a beginning that was written already is not told again by the end', async () => {
    const id = await inserted()
    const begun = { startedAtMs: 1_790_000_000_001, planDigest: digestOf('plan') }
    await store().updateJob(id, { state: 'RUNNING', reason: null, startedAtMs: 5 })
    await store().finishJob(id, { state: 'COMPLETED', answer: '{}', finishedAtMs: 1_790_000_000_009, begun })
    expect((await told(id)).map((event) => (event as [string])[0])).toEqual(['registered', 'state', 'completed'])
  })

  test('a client id that attaches tells nothing', async () => {
    const clientJobId = `client-${ulid()}`
    const id = await inserted({ clientJobId })
    const row = await store().job(id)
    if (row === null) throw new Error('it was inserted')
    const { state: _, reason: __, planDigest: ___, basis: ____, startedAtMs, finishedAtMs, answer, ...job } = row
    expect([startedAtMs, finishedAtMs, answer]).toEqual([null, null, null])
    const other = ulid() as JobId
    expect(await store().insertJob({ ...job, id: other })).toMatchObject({ inserted: false })
    expect(await told(id)).toHaveLength(1)
    expect(await store().eventsOf(other, -1)).toEqual([])
  })

  test('other ends say their code', async () => {
    for (const [state, type, code] of [
      ['FAILED', 'failed', 'TIMED_OUT'],
      ['CANCELLED', 'cancelled', 'CANCELLED'],
    ] as const) {
      const id = await inserted()
      await store().finishJob(id, { state, problem: problem(code, 'x'), finishedAtMs: 1_790_000_000_009 })
      expect((await told(id)).at(-1)).toEqual([type, { code }])
    }
  })

  test('a group tells once of an executor whose answers became void, however many they are', async () => {
    const [id, other] = [await inserted(), await inserted()]
    const [liar, friend] = [identityOf(`liar ${id}`), identityOf(`friend ${id}`)]
    const voids = [
      ...Array.from({ length: 200 }, (_, shard) => ({ jobId: id, shard, executor: liar, reason: 'wrong' })),
      { jobId: id, shard: 0, executor: friend, reason: 'agreed' },
      { jobId: other, shard: 7, executor: liar, reason: 'wrong' },
    ]
    for (let i = 0; i < 2; i++) await store().writeShards({ ...noWrites, voids })
    await store().writeShards({ ...noWrites, voids: [{ jobId: id, shard: 300, executor: liar, reason: 'late' }] })
    const tellings = [
      ['voided', { executor: liar, reason: 'wrong', shards: 200 }],
      ['voided', { executor: friend, reason: 'agreed', shards: 1 }],
    ]
    expect((await told(id)).slice(1, 3)).toEqual(expect.arrayContaining(tellings))
    expect((await told(id)).slice(3)).toEqual([['voided', { executor: liar, reason: 'late', shards: 1 }]])
    expect((await told(other)).slice(1)).toEqual([['voided', { executor: liar, reason: 'wrong', shards: 1 }]])
  })

  test('what is void comes too late for a job that has ended; all that came along counts', async () => {
    const [ended, running] = [await inserted(), await inserted()]
    const liar = identityOf(`liar ${ended}`)
    const rows = [ended, running].map((jobId) => aSubmission(jobId, 0, { executor: liar }))
    await store().writeShards({ ...noWrites, submissions: rows })
    await store().finishJob(ended, { state: 'COMPLETED', answer: '{}', finishedAtMs: 1_790_000_000_009 })
    await store().writeShards({
      ...noWrites,
      voids: rows.map(({ jobId, shard, executor }) => ({ jobId, shard, executor, reason: 'wrong' })),
      quarantines: [{ identity: liar, number: 1, reason: 'wrong', atMs: 1 }],
    })
    const voided = await Promise.all([ended, running].map((id) => store().voidedOf(id)))
    expect(voided.map(({ length }) => length)).toEqual([0, 1])
    expect((await told(ended)).at(-1)).toMatchObject(['completed', {}])
    expect((await store().quarantines()).map(({ identity }) => identity)).toContain(liar)
  })

  test('events of one job that come at once stand in one chain', async () => {
    const id = await inserted()
    const voids = Array.from({ length: 20 }, (_, shard) => ({
      jobId: id,
      shard,
      executor: identityOf('l'),
      reason: 'x',
    }))
    await Promise.all([
      ...voids.map((row) => store().writeShards({ ...noWrites, voids: [row] })),
      ...Array.from({ length: 10 }, (_, i) => store().setBasis(id, digestOf(`basis ${i}`))),
      ...Array.from({ length: 10 }, (_, i) => store().updateJob(id, { state: 'RUNNING', reason: i % 2 ? 'x' : null })),
    ])
    const all = await told(id)
    expect(all.filter((event) => JSON.stringify(event).includes('"basis"'))).toHaveLength(10)
  })
}
