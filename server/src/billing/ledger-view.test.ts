// What a project sees of the ledger: its own accounts and nothing of anybody else's, page by page.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { expect, test } from 'vitest'
import type { LedgerTransaction } from '../store/ledger-store.ts'
import { overLimitSentence, transactionView } from './ledger-view.ts'

const project = '01ARZ3NDEKTSV4RRFFQ69G5FAV' as ProjectId
const settled: LedgerTransaction = {
  id: 12,
  projectId: project,
  jobId: 'job' as JobId,
  kind: 'settle',
  atMs: 1_790_000_000_000,
  day: 20_717,
  detail: '{"price":"1290000","state":"COMPLETED"}',
  entries: [
    { account: 'agent/somebody', microCredits: 1_290_000n },
    { account: `held/${project}`, microCredits: -1_420_000n },
    { account: `project/${project}`, microCredits: 130_000n },
  ],
}

test('of a transaction a project sees its own entries, in credits', () => {
  expect(transactionView(settled, project)).toEqual({
    id: 12,
    job_id: 'job',
    kind: 'settle',
    at: '2026-09-21T14:13:20.000Z',
    detail: { price: '1290000', state: 'COMPLETED' },
    entries: [
      { account: 'held', credits: -1.42, micro_credits: '-1420000' },
      { account: 'project', credits: 0.13, micro_credits: '130000' },
    ],
  })
})

test('a limit is told with what is used of it', () => {
  const over = {
    limit: 'perDay',
    limitMicroCredits: 2_000_000n,
    usedMicroCredits: 1_420_000n,
    wantedMicroCredits: 1_420_000n,
  } as const
  expect(overLimitSentence({ inserted: false, over })).toBe(
    'The job would take 1.42 credits, and 1.42 of the project’s 2 credits a day are used or reserved.',
  )
})
