// Money over random histories of jobs, with a crash between any two statements: every transaction and the whole ledger sum to
// zero, what a job cost is what the published price list makes of its contract, and nothing is billed twice, or for a job
// that did not complete. The booking is made again by the checker of `pnpm forge verify-store`, which shares none of it.
import fc from 'fast-check'
import { expect } from 'vitest'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { account } from '../store/ledger-store.ts'
import type { Store } from '../store/store.ts'
import { checkLedger } from '../verify-store/check-ledger.ts'
import type { Crashing } from './crashing.fixtures.ts'
import { contracts, histories, live, PROJECTS, type Contract, type End, type Lived } from './histories.fixtures.ts'

const all = contracts()

/** So many histories in a database of their own; `seedsApart` sets one suite's draws apart from another's. */
export async function testHistories(world: Crashing, runs: number, seedsApart = 0): Promise<void> {
  const projects = Array.from({ length: PROJECTS }, (_, n) => `project-${n}` as ProjectId)
  const told = new Map<string, number>()
  const tell: Tell = (what, times = 1) => void told.set(what, (told.get(what) ?? 0) + times)
  /** What each project should have paid, in micro-credits. */
  const paid = new Map<ProjectId, bigint>()
  try {
    for (const id of projects) await world.start().insertProject({ id, name: id, createdAtMs: 1, limits: '{}' })
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const contract = all[history.contract % all.length]
        const projectId = projects[history.project]
        if (contract === undefined || projectId === undefined) throw new Error('there is one of each')
        const lived = await live(history, contract, projectId, world)
        const store = world.start()
        for (const id of lived.ids) {
          const cost = await checkJob(store, id, contract, lived, tell)
          paid.set(projectId, (paid.get(projectId) ?? 0n) + cost)
        }
      }),
      // The database keeps what a failing history wrote: a shrunk one would be held to other sums.
      { numRuns: runs, seed: (fc.readConfigureGlobal().seed ?? 0) + seedsApart, endOnFailure: true },
    )
    tell('deaths', world.deaths)
    tell('lost answers', world.lost)
    await checkWhole(world, projects, paid)
    console.log(`${runs} histories: ${[...told].map(([what, times]) => `${what} ${times}`).join(', ')}`)
  } finally {
    await world.close()
  }
}

type Tell = (what: string, times?: number) => void

/** What its client pays in the end. */
async function checkJob(store: Store, id: JobId, contract: Contract, lived: Lived, tell: Tell): Promise<bigint> {
  const job = await store.job(id)
  if (job === null) throw new Error(`job ${id} is gone`)
  const transactions = await store.transactionsOf(id)
  const answer =
    job.answer === null ? null : (JSON.parse(job.answer) as { end: End; billing: Contract['billing']['COMPLETED'] })
  const end: End = answer?.end ?? (job.state === 'CANCELLED' ? 'CANCELLED' : 'FAILED')
  tell(`${contract.mode} ${end}`)
  // Whatever end was said to be made is the one that is there; the same one again may be said to be, when an answer was lost.
  for (const one of lived.acknowledged.get(id) ?? []) expect(one).toBe(end)
  const kinds = transactions.map(({ kind }) => kind)
  expect(kinds.slice(0, 2)).toEqual(['reserve', 'settle'])
  expect(kinds.slice(2)).toEqual(kinds.length > 2 ? ['credit-note'] : [])
  for (const { entries } of transactions) {
    expect(entries.reduce((sum, { microCredits }) => sum + microCredits, 0n)).toBe(0n)
  }
  const of = (name: string): bigint =>
    transactions
      .flatMap(({ entries }) => entries)
      .filter((entry) => entry.account === name)
      .reduce((sum, { microCredits }) => sum + microCredits, 0n)
  const price = end === 'COMPLETED' ? contract.list.whole : end === 'DEGRADED' ? contract.list.degraded : 0n
  const note = transactions[2]?.entries.find(({ microCredits }) => microCredits > 0n)?.microCredits ?? 0n
  const noted = lived.noted.get(id) ?? []
  expect(noted.length).toBeLessThanOrEqual(1)
  for (const one of noted) expect(one).toBe(note)
  if (contract.mode === 'test' || price === 0n) expect(note).toBe(0n)
  if (note > 0n) tell('credit notes')
  expect(of(account.held(contract.mode, job.projectId))).toBe(0n)
  expect(of(account.project(contract.mode, job.projectId))).toBe(note - price)
  const submissions = (await store.submissions(id)).map((row) => ({ ...row, isVoid: false }))
  const [verdicts, notices] = [await store.verdicts(id), await store.noticesOf(id)]
  const rows = { transactions, submissions, verdicts, notices }
  expect(checkLedger(job, rows, answer && { ...answer.billing, isDegraded: end === 'DEGRADED' })).toEqual([])
  return contract.mode === 'test' ? 0n : price - note
}

async function checkWhole(
  world: Crashing,
  projects: readonly ProjectId[],
  paid: ReadonlyMap<ProjectId, bigint>,
): Promise<void> {
  expect(await world.sql('select coalesce(sum(micro_credits), 0)::text from ledger_entries')).toEqual([['0']])
  const loose = `select count(*)::integer from jobs where not exists (
    select 1 from ledger_transactions as booked where booked.job_id = jobs.id and booked.kind = 'settle')`
  expect(await world.sql(loose)).toEqual([[0]])
  const store = world.start()
  for (const id of projects) {
    expect(await store.balanceOf(id, account.project('billable', id))).toBe(-(paid.get(id) ?? 0n))
    for (const mode of ['billable', 'test'] as const) {
      expect(await store.balanceOf(id, account.held(mode, id))).toBe(0n)
    }
  }
}
