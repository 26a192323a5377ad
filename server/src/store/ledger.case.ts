// The ledger of every store: reserved with the registration, settled with the end, every
// transaction zero in sum, and nothing of it ever changed.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import { expect, test } from 'vitest'
import { account, dayOf, type LedgerTransaction } from './ledger-store.ts'
import { AT_MS, booking, DAY_MS, fail, register, settledAt, type LedgerTool } from './ledger.fixtures.ts'
import type { Store } from './store.ts'
import { accepted, aJob, aSubmission, aVerdict, digestOf, identityOf, noWrites } from './store.fixtures.ts'

const moved = ({ entries }: LedgerTransaction): Record<string, bigint> =>
  Object.fromEntries(entries.map(({ account: of, microCredits }) => [of, microCredits]))
const sum = ({ entries }: LedgerTransaction): bigint =>
  entries.reduce((all, { microCredits }) => all + microCredits, 0n)
const all = [0, 1, 2, 3]
const [ann, bob, eve] = ['ann', 'bob', 'eve'].map(identityOf) as [
  ReturnType<typeof identityOf>,
  ReturnType<typeof identityOf>,
  ReturnType<typeof identityOf>,
]

export function testLedger({ store, sql, freshProject }: LedgerTool): void {
  const registered = (...args: Parameters<typeof register> extends [Store, ...infer A] ? A : never) =>
    register(store(), ...args)
  /** Ann ran all four shards, Bob checked the first and the last. */
  const answered = async (id: JobId): Promise<void> => {
    const submissions = [
      ...all.map((shard) => aSubmission(id, shard, { executor: ann, tier: 'veteran' })),
      ...[0, 3].map((shard) => aSubmission(id, shard, { executor: bob, role: 'check' })),
    ]
    await store().writeShards({ ...accepted(id, all), submissions })
  }
  const complete = (id: JobId, microCredits?: bigint) =>
    store().finishJob(id, {
      state: 'COMPLETED',
      answer: '{}',
      finishedAtMs: AT_MS + 9,
      ...(microCredits === undefined ? {} : { microCredits }),
    })
  const failed = (id: JobId, state: 'FAILED' | 'CANCELLED') => fail(store(), id, state)

  test('a job is reserved for with its registration, once, and settled with its end', async () => {
    const project = await freshProject()
    const id = await registered(project)
    const [held, owed] = [account.held('billable', project), account.project('billable', project)]
    expect((await store().transactionsOf(id)).map(moved)).toEqual([{ [owed]: -1_000n, [held]: 1_000n }])
    await answered(id)
    expect(await complete(id, 900n)).toBe(true)
    expect(await complete(id, 900n)).toBe(false)
    const [reserved, settled, ...more] = await store().transactionsOf(id)
    expect(more).toEqual([])
    expect([reserved?.kind, settled?.kind]).toEqual(['reserve', 'settle'])
    const [toAnn, toBob] = [account.agent(ann), account.agent(bob)]
    expect(settled && moved(settled)).toEqual({
      [held]: -1_000n,
      [owed]: 100n,
      revenue: 900n - 46n,
      [toAnn]: 33n,
      [toBob]: 13n,
    })
    expect(await store().balanceOf(project, owed)).toBe(-900n)
    expect(await store().balanceOf(project, held)).toBe(0n)
    expect(await store().ledgerAfter(project, 0)).toEqual([reserved, settled])
    expect(await store().ledgerBefore(project, null, 9)).toEqual([settled, reserved])
    expect(await store().ledgerBefore(project, null, 1)).toEqual([settled])
    expect(await store().ledgerBefore(project, settled?.id ?? 0, 9)).toEqual([reserved])
  })

  test('what attaches to a job reserves nothing, and is held up by no limit', async () => {
    const project = await freshProject()
    const clientJobId = `client ${ulid()}`
    const jobs = Array.from({ length: 6 }, () => aJob(project, { clientJobId, createdAtMs: AT_MS }))
    const results = await Promise.all(jobs.map((job) => store().registerJob(job, booking({}, { total: 1_000n }))))
    expect(results.filter(({ inserted }) => inserted)).toHaveLength(1)
    expect(results.filter((result) => 'existing' in result)).toHaveLength(5)
    expect(await store().ledgerAfter(project, 0)).toHaveLength(1)
  })

  test('a failed or cancelled job costs nothing, and the operator pays for what agreed', async () => {
    for (const state of ['FAILED', 'CANCELLED'] as const) {
      const project = await freshProject()
      const id = await registered(project)
      await answered(id)
      // One that nobody checked and who is new here, and two that disagree: neither is accepted work.
      const probation = { executor: eve, tier: 'probation' } as const
      await store().writeShards({
        ...noWrites,
        submissions: [
          aSubmission(id, 4, probation),
          aSubmission(id, 1, { executor: eve, tier: 'veteran', digest: digestOf('other') }),
          aSubmission(id, 5, { executor: bob, tier: 'veteran', role: 'referee' }),
        ],
      })
      expect(await failed(id, state)).toBe(true)
      const [, settled] = await store().transactionsOf(id)
      expect(settled && moved(settled)).toEqual({
        [account.held('billable', project)]: -1_000n,
        [account.project('billable', project)]: 1_000n,
        unbilled: -36n,
        [account.agent(ann)]: 23n,
        [account.agent(bob)]: 13n,
      })
      expect(await store().balanceOf(project, account.project('billable', project))).toBe(0n)
    }
  })

  test('a void answer and one behind another verdict earn nothing', async () => {
    const project = await freshProject()
    const id = await registered(project)
    await answered(id)
    await store().writeShards({
      ...noWrites,
      submissions: [aSubmission(id, 2, { executor: eve, digest: digestOf('wrong') })],
      voids: [{ jobId: id, shard: 3, executor: bob, reason: 'exposed' }],
    })
    await complete(id)
    const [, settled] = await store().transactionsOf(id)
    const entries = settled && moved(settled)
    expect(entries).toMatchObject({ [account.agent(ann)]: 33n, [account.agent(bob)]: 10n, revenue: 957n })
    expect(entries).not.toHaveProperty(account.agent(eve))
  })

  test('a test job is free, counts against its own quota, and its agents are paid by the operator', async () => {
    const project = await freshProject()
    const id = await registered(project, { mode: 'test' })
    await answered(id)
    await complete(id, 900n)
    const [, settled] = await store().transactionsOf(id)
    expect(settled && moved(settled)).toMatchObject({ test: 900n, unbilled: -46n })
    expect(await store().balanceOf(project, account.project('billable', project))).toBe(0n)
    expect(await store().usedOnDay(project, 'test', dayOf(AT_MS))).toBe(900n)
    const more = (testPerDay: bigint) =>
      store().registerJob(aJob(project, { createdAtMs: AT_MS }), booking({ mode: 'test' }, { testPerDay, total: 0n }))
    expect(await more(1_899n)).toEqual({
      inserted: false,
      over: {
        limit: 'testPerDay',
        limitMicroCredits: 1_899n,
        usedMicroCredits: 900n,
        wantedMicroCredits: 1_000n,
      },
    })
    expect(await more(1_900n)).toEqual({ inserted: true })
  })

  test('a credit note gives back what was paid, at most that and once', async () => {
    const project = await freshProject()
    const id = await registered(project)
    const note = (microCredits: bigint) =>
      store().creditNote(id, { microCredits, reason: 'shard 3 was wrong', atMs: AT_MS + DAY_MS })
    await expect(note(1n)).rejects.toThrow(/not settled/)
    await store().writeShards(accepted(id, all))
    await complete(id, 900n)
    await expect(note(901n)).rejects.toThrow(/paid 900/)
    await expect(note(0n)).rejects.toThrow(/paid 900/)
    expect(await note(400n)).toBe(true)
    expect(await note(400n)).toBe(false)
    expect(await store().balanceOf(project, account.project('billable', project))).toBe(-500n)
    // Its client is told of the one that is booked, in the same transaction, and it waits for its signature.
    const detail = '{"micro_credits":"400","reason":"shard 3 was wrong"}'
    const notice = { jobId: id, number: 0, kind: 'credit-note', identity: null, atMs: AT_MS + DAY_MS, detail }
    expect(await store().noticesOf(id)).toEqual([notice])
    expect((await store().eventsOf(id, -1)).at(-1)?.type).toBe('notice')
    const two = await registered(await freshProject())
    await store().writeShards(accepted(two, all))
    await complete(two, 900n)
    const both = { microCredits: 1n, reason: 'at once', atMs: AT_MS }
    const done = await Promise.all([store().creditNote(two, both), store().creditNote(two, both)])
    expect(done.toSorted()).toEqual([false, true])
    expect(await store().creditNote(two, both)).toBe(false)
    expect(await store().noticesOf(two)).toHaveLength(1)
    const today = dayOf(Date.now())
    const row = { op: 'mc/1/insurance.v1', mode: 'billable', jobs: 1 }
    expect(await store().usage(project, today - 1, today)).toMatchObject([
      { ...row, kind: 'settle', microCredits: 900n },
      { ...row, kind: 'credit-note', microCredits: -400n },
    ])
  })

  test('usage is by the day of the booking, op and mode; failures are not in it', async () => {
    const project = await freshProject()
    const ends = [
      [{}, AT_MS],
      [{}, AT_MS],
      [{ op: 'mc/1/other.v1' }, AT_MS],
      [{ mode: 'test' }, AT_MS],
      [{}, AT_MS + DAY_MS],
      [{}, AT_MS + 5 * DAY_MS],
    ] as const
    for (const [change, atMs] of ends) await settledAt(sql, await registered(project, change), project, atMs)
    await failed(await registered(project), 'FAILED')
    const day = dayOf(AT_MS)
    const row = { kind: 'settle', op: 'mc/1/insurance.v1', mode: 'billable', microCredits: 1_000n, jobs: 1 }
    expect(await store().usage(project, day, day + 1)).toEqual([
      { ...row, day, jobs: 2, microCredits: 2_000n },
      { ...row, day, mode: 'test' },
      { ...row, day, op: 'mc/1/other.v1' },
      { ...row, day: day + 1 },
    ])
    expect(await store().usage(await freshProject(), day, day + 9)).toEqual([])
    // In several statements, none of which sees a day twice.
    const whole = [...(await store().usage(project, day, day + 5)), { ...row, day: day + 62 }]
    await settledAt(sql, await registered(project), project, AT_MS + 62 * DAY_MS)
    expect(await store().usage(project, day - 31, day + 365)).toEqual(whole)
    expect(await store().usage(project, day, day + 62)).toEqual(whole)
    expect(await store().usage(project, day, day + 61)).toEqual(whole.slice(0, -1))
  })

  test('the database refuses what does not sum to zero, a kind twice, and every change', async () => {
    const project = await freshProject()
    const id = await registered(project)
    const [reserved] = await store().transactionsOf(id)
    const values = (...rows: readonly string[]) => `insert into ledger_entries values ${rows.join(', ')}`
    const of = reserved?.id
    await expect(sql(values(`(${of}, 'a', 5)`))).rejects.toThrow(/sum to 5, not to zero/)
    await expect(sql(values(`(${of}, 'a', 5)`, `(${of}, 'b', -4)`))).rejects.toThrow(/sum to 1/)
    await sql(values(`(${of}, 'a', 5)`, `(${of}, 'b', -5)`))
    await expect(
      sql(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
        values ('${project}', '${id}', 'reserve', 1, 1, '{}')`),
    ).rejects.toThrow(/ledger_transactions_once/)
    for (const role of ['origin', 'replica']) {
      await sql(`set session_replication_role = ${role}`)
      try {
        await expect(sql(values(`(${of}, 'c', 1)`))).rejects.toThrow(/not to zero/)
        for (const [table, column, key] of [
          ['ledger_transactions', 'detail', 'id'],
          ['ledger_entries', 'account', 'transaction_id'],
        ]) {
          await expect(sql(`update ${table} set ${column} = ${column} where ${key} = ${of}`)).rejects.toThrow(
            /never changed/,
          )
          await expect(sql(`delete from ${table} where ${key} = ${of}`)).rejects.toThrow(/never changed/)
          await expect(sql(`truncate ${table} cascade`)).rejects.toThrow(/never truncated/)
        }
      } finally {
        await sql('reset session_replication_role')
      }
    }
  })

  test('a registration or an end whose booking is refused is none, and can be done later', async () => {
    const project = await freshProject()
    const id = await registered(project)
    const another = aJob(project, { createdAtMs: AT_MS })
    await sql('alter table ledger_transactions add constraint refused check (at_ms < 0) not valid')
    try {
      await expect(complete(id, 900n)).rejects.toThrow(/refused/)
      await expect(store().registerJob(another, booking())).rejects.toThrow(/refused/)
    } finally {
      await sql('alter table ledger_transactions drop constraint refused')
    }
    expect(await store().job(id)).toMatchObject({ state: 'QUEUED', finishedAtMs: null })
    expect(await store().job(another.id)).toBeNull()
    expect(await store().transactionsOf(id)).toHaveLength(1)
    expect(await complete(id, 900n)).toBe(true)
    expect(await store().transactionsOf(id)).toHaveLength(2)
  })

  test('whatever ends, all transactions sum to zero and nothing stays held', async () => {
    const project = await freshProject()
    for (const [place, end] of (['COMPLETED', 'FAILED', 'CANCELLED', 'COMPLETED'] as const).entries()) {
      const id = await registered(project, {
        mode: place === 3 ? 'test' : 'billable',
        microCredits: BigInt(place) * 77n,
      })
      await store().writeShards({ ...accepted(id, all), verdicts: all.map((shard) => aVerdict(id, shard)) })
      await (end === 'COMPLETED' ? complete(id, 5n) : failed(id, end))
    }
    const written = await store().ledgerAfter(project, 0)
    expect(written).toHaveLength(8)
    expect(written.map(sum)).toEqual(written.map(() => 0n))
    for (const mode of ['billable', 'test'] as const)
      expect(await store().balanceOf(project, account.held(mode, project))).toBe(0n)
    expect(await store().balanceOf(project, account.project('billable', project))).toBe(-5n)
  })
}
