// The end that a job must not have: said once, and nothing more is decided of it.
import type { ProblemCode } from '@forge/shared/contract/problem.ts'
import type { HubCommand } from './events.ts'
import type { Job } from './state.ts'

export function fail(job: Job, code: ProblemCode, detail: string): HubCommand {
  job.phase = 'closing'
  return { type: 'fail', jobId: job.id, code, detail }
}
