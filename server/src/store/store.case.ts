// What every store must do, whichever engine is under it. store.pglite.test.ts and store.postgres.test.ts run it.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { ulid } from 'ulid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBlobs } from './blobs.case.ts'
import { testEvents } from './events.case.ts'
import { testImmutability } from './immutability.case.ts'
import { testIdentities } from './identities.case.ts'
import { testJobReads } from './job-reads.case.ts'
import { testKv } from './kv.case.ts'
import { testJobLimits } from './job-limits.case.ts'
import { testLedgerLimits } from './ledger-limits.case.ts'
import { testLedgerTimes } from './ledger-times.case.ts'
import { testLedger } from './ledger.case.ts'
import { testOwners } from './owners.case.ts'
import { testNotices } from './notices.case.ts'
import { testPartials } from './partials.case.ts'
import { testSeals } from './seals.case.ts'
import { testActs } from './acts.case.ts'
import { testSessions } from './sessions.case.ts'
import { testTenants } from './tenants.case.ts'
import { testVmem } from './vmem.case.ts'
import { testWebhookQueue } from './webhook-queue.case.ts'
import { testWebhooks } from './webhooks.case.ts'
import type { NewJob, Store } from './store.ts'
import {
  accepted,
  acceptedOf,
  aJob,
  aPartial,
  aSubmission,
  aVerdict,
  digestOf,
  identityOf,
  noWrites,
} from './store.fixtures.ts'

export interface Opened {
  readonly store: Store
  /** Statements past the store, as an operator's tool would send them. */
  sql(text: string): Promise<unknown>
}

export interface StoreCase {
  open(): Promise<Opened>
  readonly openTimeoutMs: number
  /** With the cases of many rows, which are of the same statements on every engine. */
  readonly isLarge: boolean
  /** Registers more tests, which run while it is open. */
  more?(): void
}

export function describeStore(title: string, { open, openTimeoutMs, isLarge, more }: StoreCase): void {
  describe(title, () => {
    let opened: Opened
    let store: Store
    let project: ProjectId
    beforeAll(async () => {
      opened = await open()
      store = opened.store
      project = await store.defaultProject()
    }, openTimeoutMs)
    afterAll(() => opened.store.close())
    const inserted = async (change: Partial<NewJob> = {}): Promise<JobId> => {
      const job = aJob(project, change)
      expect(await store.insertJob(job)).toEqual({ inserted: true })
      return job.id
    }
    /** Another project. */
    const otherProject = async (): Promise<ProjectId> => {
      const id = ulid() as ProjectId
      await store.insertProject({ id, name: 'other', createdAtMs: 1, limits: '{}' })
      return id
    }

    describe('projects, keys and settings', () => {
      testJobReads({ store: () => store, otherProject })

      testTenants({ store: () => store, sql: (text) => opened.sql(text), otherProject })

      test('the first value of a setting stays, even in a race', async () => {
        const name = `setting-${ulid()}`
        expect(await store.setting(name)).toBeNull()
        const got = await Promise.all(Array.from({ length: 8 }, (_, i) => store.settingOrPut(name, `value ${i}`)))
        expect(new Set(got).size).toBe(1)
        expect(await store.setting(name)).toBe(got[0])
        expect(await store.settingOrPut(name, 'too late')).toBe(got[0])
      })
    })

    describe('sessions of HQ', () => testSessions({ store: () => store }))
    describe('acts and orders', () => testActs({ store: () => store, sql: (text) => opened.sql(text) }))

    describe('webhooks', () => {
      const tool = { store: () => store, sql: (text: string) => opened.sql(text), freshProject: otherProject }
      testWebhooks(tool)
      testWebhookQueue(tool)
    })

    describe('memory: blobs', () => {
      testBlobs({ store: () => store, sql: (text) => opened.sql(text), otherProject })
    })

    describe('memory: VMem', () => {
      testVmem({ store: () => store, sql: (text) => opened.sql(text), otherProject })
    })

    describe('memory: KV', () => {
      testKv({ store: () => store, sql: (text) => opened.sql(text), otherProject })
    })

    describe('owners of jobs', () => testOwners({ store: () => store, project: () => project }))

    describe('jobs', () => {
      test('a job comes back as it went in', async () => {
        const job = aJob(project, { request: '{"text":"ü 𝄞 \\u0000 \' $1"}', deadlineAtMs: 2 ** 53 - 1 })
        await store.insertJob(job)
        expect(await store.job(job.id)).toEqual({
          ...job,
          state: 'QUEUED',
          reason: null,
          planDigest: null,
          basis: null,
          ending: null,
          startedAtMs: null,
          finishedAtMs: null,
          answer: null,
          problem: null,
          owner: null,
          cancelWantedAtMs: null,
        })
        expect(await store.job(ulid() as JobId)).toBeNull()
      })

      test('of many inserts of one client id at once, one inserts and all others attach to it', async () => {
        const clientJobId = `client-${ulid()}`
        const jobs = Array.from({ length: 12 }, () => aJob(project, { clientJobId }))
        const results = await Promise.all(jobs.map((job) => store.insertJob(job)))
        expect(results.filter((result) => result.inserted)).toHaveLength(1)
        const winner = jobs[results.findIndex((result) => result.inserted)]
        for (const result of results) if (!result.inserted) expect(result.existing.id).toBe(winner?.id)
      })

      test('two projects may use the same client id; jobs without one never attach', async () => {
        const other = await otherProject()
        const clientJobId = `client-${ulid()}`
        expect(await store.insertJob(aJob(project, { clientJobId }))).toEqual({ inserted: true })
        expect(await store.insertJob(aJob(other, { clientJobId }))).toEqual({ inserted: true })
        expect(await store.insertJob(aJob(project))).toEqual({ inserted: true })
        expect(await store.insertJob(aJob(project))).toEqual({ inserted: true })
      })

      test('an update shows, and leaves alone what it does not name', async () => {
        const id = await inserted()
        const planDigest = digestOf('plan')
        expect(await store.updateJob(id, { state: 'RUNNING', reason: null, planDigest, startedAtMs: 5 })).toBe(true)
        expect(await store.updateJob(id, { state: 'VERIFYING', reason: 'one shard waits' })).toBe(true)
        const row = await store.job(id)
        expect(row).toMatchObject({ state: 'VERIFYING', reason: 'one shard waits', planDigest, startedAtMs: 5 })
        for (const basis of [digestOf('first'), digestOf('second')]) {
          expect(await store.setBasis(id, basis)).toBe(true)
          expect(await store.job(id)).toMatchObject({ basis })
        }
        await expect(store.updateJob(id, { state: 'COMPLETED', reason: null })).rejects.toThrow(/finishJob/)
        expect(await store.updateJob(ulid() as JobId, { state: 'RUNNING', reason: null })).toBe(false)
      })

      test('of many ends at once one counts, and after it nothing changes', async () => {
        const id = await inserted()
        const stopped = problem('CANCELLED', 'The client asked for it.', { job_id: id })
        const ends = await Promise.all([
          store.finishJob(id, { state: 'COMPLETED', answer: '{"a":1}', finishedAtMs: 9 }),
          store.finishJob(id, { state: 'CANCELLED', problem: stopped, finishedAtMs: 9 }),
          store.finishJob(id, { state: 'COMPLETED', answer: '{"a":1}', finishedAtMs: 9 }),
          store.finishJob(id, { state: 'CANCELLED', problem: stopped, finishedAtMs: 9 }),
        ])
        expect(ends.filter(Boolean)).toHaveLength(1)
        const ended = await store.job(id)
        expect(await store.updateJob(id, { state: 'RUNNING', reason: 'again' })).toBe(false)
        expect(await store.setBasis(id, digestOf('late'))).toBe(false)
        expect(await store.finishJob(id, { state: 'FAILED', problem: stopped, finishedAtMs: 10 })).toBe(false)
        expect(await store.job(id)).toEqual(ended)
      })

      test('a failed job keeps its problem', async () => {
        const id = await inserted()
        const why = problem('KERNEL_FAULT', 'Shard 3 faulted.', { job_id: id, errors: [{ path: 'a', message: 'b' }] })
        expect(await store.finishJob(id, { state: 'FAILED', problem: why, finishedAtMs: 11 })).toBe(true)
        expect(await store.job(id)).toMatchObject({ state: 'FAILED', problem: why, answer: null, finishedAtMs: 11 })
      })

      test('the database itself refuses to change, delete or truncate an ended job', async () => {
        const id = await inserted()
        await opened.sql(`update jobs set reason = 'still running' where id = '${id}'`)
        await store.finishJob(id, { state: 'COMPLETED', answer: '{}', finishedAtMs: 12 })
        await expect(opened.sql(`update jobs set answer = '{}' where id = '${id}'`)).rejects.toThrow(/never changed/)
        await expect(opened.sql(`delete from jobs where id = '${id}'`)).rejects.toThrow(/never changed/)
        await expect(opened.sql('truncate jobs cascade')).rejects.toThrow(/never truncated/)
        const running = await inserted()
        await expect(opened.sql(`update jobs set state = 'LOST' where id = '${running}'`)).rejects.toThrow(/jobs_state/)
      })
    })

    describe('shards', () => {
      test('a group written twice is there once', async () => {
        const id = await inserted()
        const writes = accepted(id, [2, 0, 1])
        await store.writeShards(writes)
        await store.writeShards(writes)
        expect(await store.submissions(id)).toEqual([0, 1, 2].map((shard) => aSubmission(id, shard)))
        expect(await store.verdicts(id)).toEqual([0, 1, 2].map((shard) => aVerdict(id, shard)))
        expect((await acceptedOf(store, id)).map((row) => row.shard)).toEqual([0, 1, 2])
      })

      test('an executor’s first submission to a shard is its only one', async () => {
        const id = await inserted()
        const second = aSubmission(id, 0, { digest: digestOf('second thoughts') })
        await store.writeShards({ ...noWrites, submissions: [aSubmission(id, 0)] })
        await store.writeShards({ ...noWrites, submissions: [second, second] })
        expect(await store.submissions(id)).toEqual([aSubmission(id, 0)])
      })

      test('two verdicts of different digests on one shard are refused, with all that came along', async () => {
        const id = await inserted()
        await store.writeShards(accepted(id, [0]))
        const other = aVerdict(id, 0, { digest: digestOf('another truth') })
        const clash = store.writeShards({ ...accepted(id, [1]), verdicts: [aVerdict(id, 1), other] })
        await expect(clash).rejects.toThrow(/cannot also be/)
        expect(await store.verdicts(id)).toEqual([aVerdict(id, 0)])
        expect(await store.submissions(id)).toHaveLength(1)
        const both = [aVerdict(id, 5), aVerdict(id, 5, { digest: digestOf('another truth') })]
        await expect(store.writeShards({ ...noWrites, verdicts: both })).rejects.toThrow(/cannot also be/)
      })

      test('calls made together are each durable when they resolve, and one that fails fails alone', async () => {
        const id = await inserted()
        const strange = ulid() as JobId
        const results = await Promise.allSettled([
          ...Array.from({ length: 40 }, async (_, i) => {
            await store.writeShards(accepted(id, [i]))
            expect((await store.verdicts(id)).map((row) => row.shard)).toContain(i)
          }),
          store.writeShards(accepted(strange, [0])),
        ])
        expect(results.slice(0, 40).every((result) => result.status === 'fulfilled')).toBe(true)
        expect(results[40]).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/_job/) } })
        expect(await store.verdicts(id)).toHaveLength(40)
        expect(await store.verdicts(strange)).toEqual([])
      })

      test('bytes come back as they went in', async () => {
        const id = await inserted()
        const large = Uint8Array.from({ length: 24 * 1024 }, (_, i) => (i * 7) & 0xff)
        const frame = Uint8Array.of(9, 0x00, 0xff, 0x5c, 0x00, 9)
        const contents = [Uint8Array.of(0), Uint8Array.of(0xff), frame.subarray(1, 5), large, new Uint8Array(0)]
        await store.writeShards({
          ...accepted(id, [0, 1, 2, 3, 4]),
          partials: contents.map((bytes, shard) => aPartial(id, shard, bytes)),
        })
        expect((await acceptedOf(store, id)).map((row) => row.bytes)).toEqual(
          contents.map((bytes) => Uint8Array.from(bytes)),
        )
        expect(large.length, 'what was written still belongs to its writer').toBe(24 * 1024)
      })

      testPartials(() => store, inserted, isLarge)

      test('void submissions are left out, and stay', async () => {
        const id = await inserted()
        const liar = identityOf(`liar ${id}`)
        await store.writeShards({
          ...noWrites,
          submissions: [
            aSubmission(id, 0),
            aSubmission(id, 0, { executor: liar }),
            aSubmission(id, 1, { executor: liar }),
          ],
        })
        const exposed = { identity: liar, number: 1, reason: 'a trusted referee disagreed', atMs: 1_790_000_000_001 }
        const writes = {
          ...noWrites,
          voids: [0, 1].map((shard) => ({ jobId: id, shard, executor: liar, reason: 'exposed' })),
          quarantines: [exposed],
        }
        await store.writeShards(writes)
        await store.writeShards(writes)
        expect(await store.submissions(id)).toEqual([aSubmission(id, 0)])
        const { network, owner } = aSubmission(id, 0)
        const itsRow = { executor: liar, network, owner }
        expect(await store.voidedOf(id)).toEqual([0, 1].map((shard) => ({ shard, ...itsRow })))
        expect((await store.quarantines()).map(({ identity }) => identity)).toContain(liar)
        await store.writeShards({ ...noWrites, submissions: [aSubmission(id, 1, { executor: liar })] })
        expect(await store.submissions(id), 'a void one cannot be handed in again').toEqual([aSubmission(id, 0)])
      })
    })

    describe('identities', () => testIdentities(() => store, inserted))
    describe('events', () => testEvents(() => store, inserted))
    describe('immutability', () => testImmutability({ store: () => store, sql: (text) => opened.sql(text), inserted }))
    describe('the ledger', () => {
      const tool = { store: () => store, sql: (text: string) => opened.sql(text), freshProject: otherProject }
      testLedger(tool)
      testLedgerTimes(tool)
      testJobLimits(tool)
      testLedgerLimits(tool, isLarge)
    })
    describe('seals', () =>
      testSeals({ store: () => store, sql: (text) => opened.sql(text), freshProject: otherProject }, isLarge))
    describe('notices', () => testNotices(() => store, inserted, isLarge))

    test('tables come back word by word, by key and by digest', async () => {
      const corners = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]
      const words = Uint32Array.from([...corners, ...Array.from({ length: 5000 }, (_, i) => i)])
      const key = `table ${ulid()}`
      const digest = digestOf(key)
      expect(await store.table(key)).toBeNull()
      await Promise.all([store.putTable(key, digest, words), store.putTable(key, digest, words)])
      expect(await store.table(key)).toEqual(words)
      expect(await store.tableByDigest(digest)).toEqual(words)
      expect(await store.tableByDigest(digestOf('unknown'))).toBeNull()
      await expect(store.putTable(key, digestOf('another'), words)).rejects.toThrow(/cannot be/)
    })

    test('it answers a ping', () => store.ping())

    test('no error tells a parameter of its statement', async () => {
      const id = ulid() as JobId
      const error: unknown = await store.writeShards(accepted(id, [0])).catch((caught: unknown) => caught)
      expect(String(error)).not.toContain('192.0.2.0')
    })

    more?.()
  })
}
