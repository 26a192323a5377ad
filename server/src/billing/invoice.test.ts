// What a project is told of its money, from rows of the ledger that are given here; that the ledger gives these rows is in
// the store's own cases.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_LIMITS, type UsageRow } from '../store/ledger-store.ts'
import { invoiceCsv, invoiceOf, spendingOf } from './invoice.ts'

const project = 'p' as ProjectId
const DAY = 20_784
const row = (change: Partial<UsageRow>): UsageRow => ({
  day: DAY,
  kind: 'settle',
  op: 'mc/1/insurance.v1',
  mode: 'billable',
  jobs: 1,
  microCredits: 1_420_000n,
  ...change,
})
const storeOf = (rows: readonly UsageRow[], used = 0n, lastDayOver = DAY + 9) => ({
  closeDay: async (_: ProjectId, day: number) => day <= lastDayOver,
  usage: async (_: ProjectId, first: number, last: number) => rows.filter(({ day }) => first <= day && day <= last),
  usedOnDay: async () => used,
  balanceOf: async () => -used,
})

test('an invoice adds up what is billed, lists what is not, and is the same as CSV', async () => {
  const rows = [
    row({ jobs: 2, microCredits: 2_840_000n }),
    row({ mode: 'test', microCredits: 9_000_000n }),
    row({ day: DAY + 1, kind: 'credit-note', microCredits: -420_000n }),
  ]
  const invoice = await invoiceOf(storeOf(rows), project, DAY, DAY + 1)
  expect(invoice).toMatchObject({
    first_date: '2026-11-27',
    last_date: '2026-11-28',
    final: true,
    total: { credits: 2.42, eur: 0.29, micro_credits: '2420000' },
  })
  expect(invoiceCsv(invoice)).toBe(
    [
      'date,kind,op,mode,jobs,credits,eur',
      '2026-11-27,settle,mc/1/insurance.v1,billable,2,2.84,0.34',
      '2026-11-27,settle,mc/1/insurance.v1,test,1,0,0',
      '2026-11-28,credit-note,mc/1/insurance.v1,billable,1,-0.42,-0.05',
      '2026-11-28,total,,,,2.42,0.29',
      '',
    ].join('\r\n'),
  )
})

test('an invoice of days that are not over says so, in both forms', async () => {
  const invoice = await invoiceOf(storeOf([row({})], 0n, DAY), project, DAY, DAY + 1)
  expect(invoice).toMatchObject({ final: false, total: { credits: 1.42 } })
  expect(invoiceCsv(invoice)).toMatch(/\r\n2026-11-28,total-so-far,,,,1\.42,0\.17\r\n$/)
})

test('days are closed before they are read', async () => {
  const asked: string[] = []
  const store = {
    closeDay: async () => asked.push('close') > 0,
    usage: async () => (asked.push('read'), []),
  }
  await invoiceOf(store, project, DAY, DAY)
  expect(asked).toEqual(['close', 'read'])
})

test('credits of an invoice are those of its lines, to the micro-credit', async () => {
  const amounts = fc.array(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }).map((n) => n * 10_000n))
  await fc.assert(
    fc.asyncProperty(amounts, async (some) => {
      const invoice = await invoiceOf(storeOf(some.map((microCredits) => row({ microCredits }))), project, DAY, DAY)
      const sum = some.reduce((all, one) => all + one, 0n)
      expect(invoice.total.micro_credits).toBe(String(sum))
      expect(Math.round(invoice.lines.reduce((all, { credits }) => all + credits, 0) * 100)).toBe(Number(sum / 10_000n))
    }),
  )
})

test('spending warns from the threshold on, and says how long the rest will last', async () => {
  const rows = [1, 3].map((ago) => row({ day: DAY - ago, microCredits: 7_000_000n }))
  const nowMs = DAY * 86_400_000 + 1
  const limits = { ...NO_LIMITS, total: 100_000_000n }
  const at = (used: bigint) => spendingOf(storeOf(rows, used), project, limits, nowMs)
  expect(await at(79_999_999n)).toMatchObject({ daily_credits: 2, days_left: 10, warnings: [] })
  expect(await at(80_000_000n)).toMatchObject({
    days_left: 10,
    warnings: [{ limit: 'total', used_credits: 80, limit_credits: 100 }],
  })
  expect(await at(101_000_000n)).toMatchObject({ days_left: 0 })
  expect(await spendingOf(storeOf(rows), project, NO_LIMITS, nowMs)).toMatchObject({ days_left: null, warnings: [] })
  expect(await spendingOf(storeOf([]), project, limits, nowMs)).toMatchObject({ days_left: null, daily_credits: 0 })
})
