// Limits in credits, of every store: however many jobs ask at once, no more fit than there is room for, and a balance is the
// same whether it is added up from the beginning or from a snapshot.
import { expect, test } from 'vitest'
import { account, dayOf, type Booking } from './ledger-store.ts'
import { AT_MS, booking, DAY_MS, fail, register, type LedgerTool } from './ledger.fixtures.ts'
import { STORE_LIMITS } from './limits.ts'
import { aJob } from './store.fixtures.ts'

/** `isLarge`: what takes thousands of rows as well. */
export function testLedgerLimits({ store, sql, freshProject }: LedgerTool, isLarge: boolean): void {
  test('of many jobs at once as many fit as the limit has room for', async () => {
    for (const limit of ['perDay', 'total'] as const) {
      const project = await freshProject()
      const jobs = Array.from({ length: 12 }, () => aJob(project, { createdAtMs: AT_MS }))
      const results = await Promise.all(jobs.map((job) => store().registerJob(job, booking({}, { [limit]: 5_999n }))))
      expect(results.filter(({ inserted }) => inserted)).toHaveLength(5)
      const [refused] = results.filter((result) => 'over' in result)
      expect(refused).toMatchObject({ over: { limit, usedMicroCredits: 5_000n } })
      for (const [place, job] of jobs.entries()) {
        expect((await store().job(job.id)) !== null).toBe(results[place]?.inserted)
      }
    }
  })

  test('the next day has its own limit, and what a job gave back is there again', async () => {
    const project = await freshProject()
    const first = await register(store(), project)
    const another = (createdAtMs: number) =>
      store().registerJob(aJob(project, { createdAtMs }), booking({}, { perDay: 1_500n }))
    expect(await another(AT_MS)).toMatchObject({ over: { limit: 'perDay', usedMicroCredits: 1_000n } })
    expect(await another(AT_MS + DAY_MS)).toEqual({ inserted: true })
    await fail(store(), first, 'FAILED')
    expect(await another(AT_MS)).toEqual({ inserted: true })
  })

  test('a balance is the same with snapshots and without', async () => {
    const project = await freshProject()
    const payer = account.project('billable', project)
    const id = await register(store(), project)
    await sql(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
      select '${project}', '${id}', 'many ' || n, ${AT_MS}, ${dayOf(AT_MS)}, '{}' from generate_series(1, ${STORE_LIMITS.entriesPerSnapshot}) as n`)
    await sql(`insert into ledger_entries select id, '${payer}', -1 from ledger_transactions where job_id = '${id}' and kind like 'many%'
      union all select id, 'revenue', 1 from ledger_transactions where job_id = '${id}' and kind like 'many%'`)
    const used = 1_000n + BigInt(STORE_LIMITS.entriesPerSnapshot)
    const over = (limits: Partial<Booking['limits']>) =>
      store().registerJob(aJob(project, { createdAtMs: AT_MS }), booking({}, limits))
    for (const limit of ['total', 'perDay'] as const) {
      // The first one makes the snapshot, the second reads it.
      for (let i = 0; i < 2; i++)
        expect(await over({ [limit]: used })).toMatchObject({ over: { limit, usedMicroCredits: used } })
    }
    expect(await store().balanceOf(project, payer)).toBe(-used)
    expect(await over({ total: used + 1_000n, perDay: used + 1_000n })).toEqual({ inserted: true })
    expect(await over({ total: used + 1_999n })).toMatchObject({ over: { usedMicroCredits: used + 1_000n } })
    expect(await store().balanceOf(project, payer)).toBe(-used - 1_000n)
  })

  if (!isLarge) return
  test('a balance of more entries than a statement adds up is added up in several, and kept for the next time', async () => {
    const project = await freshProject()
    const payer = account.project('billable', project)
    const id = await register(store(), project)
    const most = STORE_LIMITS.entriesPerSum + STORE_LIMITS.entriesPerSnapshot
    // What the database believes of the tables is of before these rows, as on a busy day.
    await sql('analyze')
    await sql(`insert into ledger_transactions (project_id, job_id, kind, at_ms, day, detail)
      select '${project}', '${id}', 'many ' || n, ${AT_MS}, ${dayOf(AT_MS)}, '{}' from generate_series(1, ${most}) as n`)
    await sql(`insert into ledger_entries select id, '${payer}', -1 from ledger_transactions where job_id = '${id}' and kind like 'many%'
      union all select id, 'revenue', 1 from ledger_transactions where job_id = '${id}' and kind like 'many%'`)
    const used = 1_000n + BigInt(most)
    expect(await store().balanceOf(project, payer)).toBe(-used)
    expect(await store().usedOnDay(project, 'billable', dayOf(AT_MS))).toBe(used)
    for (const scope of [payer, `${payer}@${dayOf(AT_MS)}`]) {
      const kept = await sql(`select micro_credits from balance_snapshots where scope = '${scope}'`)
      expect(kept).toHaveLength(2)
    }
    expect(await store().balanceOf(project, payer)).toBe(-used)
    // Under the lock as well, where one is looked at for the first time.
    await sql(`delete from balance_snapshots where scope like '${payer}%'`)
    const over = { over: { usedMicroCredits: used } }
    const asked = (limits: Partial<Booking['limits']>) =>
      store().registerJob(aJob(project, { createdAtMs: AT_MS }), booking({}, limits))
    for (const limits of [{ perDay: used }, { total: used }]) expect(await asked(limits)).toMatchObject(over)
  })
}
