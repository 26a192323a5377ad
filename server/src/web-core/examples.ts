// What the examples of the routes speak of: ids and names of a small world that the tests put into a store before they make
// each of the calls. Whoever copies an example puts an id of its own in their place.
import type { JobId } from '@forge/shared/contract/ids.ts'

export const EXAMPLE = {
  project: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A',
  key: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7B',
  token: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7C',
  pool: 'in-house',
  job: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7D' as JobId,
  finishedJob: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7E' as JobId,
  webhook: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7F',
  /** The end of its finished job. */
  delivery: 'evt_01K6Z5Q0V3ZJ8P0N5T9W4X2Y7E_completed',
  kvNamespace: 'workflow',
  kvKey: 'run/1',
  blob: 'reports/2026.csv',
  vmem: 'severity',
  /** Nothing has it. */
  unknown: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7Z',
  tableDigest: 'ab'.repeat(32),
} as const

/** The founding document's request, as printed. */
export const FOUNDING_REQUEST = {
  ctx: { job_id: 'app-req-001', trace_id: 'trace-001', billing: { mode: 'billable' } },
  op: { name: 'mc', version: 1, profile: 'insurance.v1' },
  seed: { mode: 'explicit', value: 'ROOT_SEED_001' },
  policy: { target: 'cpu', min_agents: 1, max_agents: 50, verify: 'spotcheck' },
  args: { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 },
} as const
