// What every store must refuse, whoever asks: changing or taking away what is recorded, and adding answers to a job that
// has ended. The statements go past the store, as those of an operator's tool would.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { expect, test } from 'vitest'
import { isRefusal } from './sql-error.ts'
import type { Store } from './store.ts'
import {
  accepted,
  aPartial,
  aSubmission,
  aVerdict,
  complete,
  digestOf,
  identityOf,
  noWrites,
} from './store.fixtures.ts'

export interface Tool {
  store(): Store
  sql(text: string): Promise<unknown>
  inserted(): Promise<JobId>
}

/** A table, a column of it, and how its rows of a job and of an identity are found. */
const KEPT = [
  ['submissions', 'network', 'job'],
  ['verdicts', 'confirmations', 'job'],
  ['voids', 'reason', 'job'],
  ['executors', 'executor', 'job'],
  ['notices', 'detail', 'job'],
  ['events', 'hash', 'job'],
  ['quarantines', 'reason', 'identity'],
  ['releases', 'at_ms', 'identity'],
] as const

export function testImmutability({ store, sql, inserted }: Tool): void {
  /** A completed job with a row in every table. */
  const recorded = async () => {
    const id = await inserted()
    const liar = identityOf(`liar ${id}`)
    await store().writeShards({
      ...noWrites,
      submissions: [aSubmission(id, 7, { executor: liar })],
      voids: [{ jobId: id, shard: 7, executor: liar, reason: 'wrong' }],
      quarantines: [{ identity: liar, number: 1, reason: 'wrong', atMs: 1 }],
      releases: [{ identity: liar, number: 1, atMs: 2, lastOrder: 0 }],
    })
    const submissions = [aSubmission(id, 0, { executor: liar })]
    await complete(store(), id, { ...accepted(id, [0]), submissions })
    expect(await store().noticeFinished(liar, 'wrong', 3)).toEqual([id])
    return { job: `job_id = '${id}'`, identity: `identity = '${liar}'` }
  }

  for (const role of ['origin', 'replica']) {
    test(`what is recorded is neither updated nor deleted nor truncated, in the role ${role}`, async () => {
      const rows = await recorded()
      await sql(`set session_replication_role = ${role}`)
      try {
        for (const [table, column, key] of KEPT) {
          const which = `${table} ${key}`
          const where = rows[key]
          await expect(sql(`update ${table} set ${column} = ${column} where ${where}`), which).rejects.toThrow(
            /never changed/,
          )
          await expect(sql(`delete from ${table} where ${where}`), which).rejects.toThrow(/never changed/)
        }
        await expect(sql(`update partials set bytes = bytes where ${rows.job}`)).rejects.toThrow(/never changed/)
        for (const table of [...KEPT.map(([name]) => name), 'partials', 'jobs']) {
          await expect(sql(`truncate ${table} cascade`), table).rejects.toThrow(/never truncated/)
        }
      } finally {
        await sql('reset session_replication_role')
      }
    })
  }

  test('partials stay until their job has ended; from then on a retention may take them', async () => {
    const id = await inserted()
    await store().writeShards(accepted(id, [0, 1]))
    await expect(sql(`delete from partials where job_id = '${id}'`)).rejects.toThrow(/not deleted before its end/)
    await complete(store(), id, noWrites)
    await sql(`delete from partials where job_id = '${id}' and shard = 1`)
    const left = []
    for await (const { shard } of store().partials(id, 0, 9)) left.push(shard)
    expect(left).toEqual([0])
  })

  test('a job that has ended takes no answers; the same ones again are no answers', async () => {
    const [ended, running] = [await inserted(), await inserted()]
    const writes = accepted(ended, [0, 1])
    await complete(store(), ended, writes)
    const late = { executor: identityOf('late') }
    const results = await Promise.allSettled([
      store().writeShards(writes),
      store().writeShards({ ...noWrites, submissions: [aSubmission(ended, 0, late)] }),
      store().writeShards(accepted(running, [0])),
      store().writeShards({ ...noWrites, partials: [{ ...aPartial(ended, 0), digest: digestOf('other') }] }),
      store().writeShards({ ...noWrites, verdicts: [aVerdict(ended, 2)] }),
      store().writeShards({ ...accepted(ended, [1]), ...accepted(running, [1]) }),
    ])
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    for (const result of results) {
      if (result.status === 'rejected') expect(isRefusal(result.reason), String(result.reason)).toBe(true)
    }
    expect(await store().submissions(ended)).toEqual([0, 1].map((shard) => aSubmission(ended, shard)))
    expect(await store().verdicts(running)).toHaveLength(2)
    const values = `'${ended}', 0, '${identityOf('first')}', 'wrong'`
    await expect(sql(`insert into voids (job_id, shard, executor, reason) values (${values})`)).rejects.toThrow(
      /has ended as COMPLETED and takes no further voids/,
    )
  })
}
