// What the examples of the routes speak of: ids and names of a small world that the tests put into a store before they make
// each of the calls. Whoever copies an example puts an id of its own in their place.
import type { JobId } from '@forge/shared/contract/ids.ts'

export const EXAMPLE = {
  project: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7A',
  key: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7B',
  token: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7C',
  pool: 'in-house',
  /** Nobody needs it. */
  sparePool: 'old-rack',
  job: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7D' as JobId,
  finishedJob: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7E' as JobId,
  webhook: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7F',
  /** The end of its finished job. */
  delivery: 'evt_01K6Z5Q0V3ZJ8P0N5T9W4X2Y7E_completed',
  /** One that is connected. */
  agent: '7e'.repeat(32),
  unknownAgent: '00'.repeat(32),
  kvNamespace: 'workflow',
  kvKey: 'run/1',
  blob: 'reports/2026.csv',
  vmem: 'severity',
  /** Nothing has it. */
  unknown: '01K6Z5Q0V3ZJ8P0N5T9W4X2Y7Z',
  tableDigest: 'ab'.repeat(32),
} as const
