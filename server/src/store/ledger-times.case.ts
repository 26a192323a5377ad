// When a booking is, of every store: by the database's clock inside the booking transaction, and in no day that was closed.
import { expect, test } from 'vitest'
import { dayOf } from './ledger-store.ts'
import { AT_MS, DAY_MS, booking, fail, register, settledAt, type LedgerTool } from './ledger.fixtures.ts'
import { aJob } from './store.fixtures.ts'

export function testLedgerTimes({ store, sql, freshProject }: LedgerTool): void {
  /** An end that was decided then, and is written now. */
  const ended = async (project: Awaited<ReturnType<typeof freshProject>>, finishedAtMs: number): Promise<void> => {
    const end = { state: 'COMPLETED', answer: '{}', finishedAtMs } as const
    expect(await store().finishJob(await register(store(), project), end)).toBe(true)
  }

  test('a booking has the time at which it is written, not that of the end that it belongs to', async () => {
    const project = await freshProject()
    const beforeMs = Date.now()
    await ended(project, AT_MS)
    for (const { kind, atMs, day } of await store().ledgerAfter(project, 0)) {
      // The database is on this machine: its clock is ours.
      expect(atMs, kind).toBeGreaterThanOrEqual(beforeMs)
      expect(atMs, kind).toBeLessThanOrEqual(Date.now())
      expect(day, kind).toBe(dayOf(AT_MS))
    }
  })

  test('an end of yesterday that is written today is not in an invoice that was read of yesterday', async () => {
    const project = await freshProject()
    const today = dayOf(Date.now())
    await settledAt(sql, await register(store(), project), project, today * DAY_MS - 2)
    expect(await store().closeDay(project, today - 1)).toBe(true)
    const read = await store().usage(project, today - 9, today - 1)
    expect(read).toMatchObject([{ day: today - 1, jobs: 1 }])
    await ended(project, today * DAY_MS - 1)
    expect(await store().usage(project, today - 9, today - 1)).toEqual(read)
    expect(await store().usage(project, today, today + 1)).toMatchObject([{ jobs: 1 }])
  })

  test('a day that is not over is not closed', async () => {
    const project = await freshProject()
    const today = dayOf(Date.now())
    for (const day of [today + 1, today + 400]) expect(await store().closeDay(project, day)).toBe(false)
    expect(await sql(`select day from ledger_closings where project_id = '${project}'`)).toHaveLength(0)
  })

  test('what is booked after a day was closed lies behind it, whatever the clock says, of this project alone', async () => {
    const [project, other] = [await freshProject(), await freshProject()]
    const today = dayOf(Date.now())
    // As if the clock had been set back over two midnights.
    await sql(`insert into ledger_closings values ('${project}', ${today + 1}), ('${project}', ${today})`)
    for (const day of [today, today + 1]) expect(await store().closeDay(project, day)).toBe(true)
    const first = await register(store(), project)
    await ended(project, AT_MS)
    const registered = await store().registerJob(aJob(project), booking())
    expect(registered).toEqual({ inserted: true })
    await fail(store(), first, 'FAILED')
    const written = await store().ledgerAfter(project, 0)
    expect(written.map(({ kind }) => kind)).toEqual(['reserve', 'reserve', 'settle', 'reserve', 'settle'])
    expect(written.map(({ atMs }) => atMs)).toEqual(written.map(() => (today + 2) * DAY_MS))
    await ended(other, AT_MS)
    expect((await store().ledgerAfter(other, 0)).map(({ atMs }) => dayOf(atMs))).not.toContain(today + 2)
  })

  test('a closing is never taken back', async () => {
    const project = await freshProject()
    await store().closeDay(project, 9)
    const where = `where project_id = '${project}'`
    await expect(sql(`update ledger_closings set day = 8 ${where}`)).rejects.toThrow(/never changed/)
    await expect(sql(`delete from ledger_closings ${where}`)).rejects.toThrow(/never changed/)
    await expect(sql('truncate ledger_closings')).rejects.toThrow(/never truncated/)
  })
}
