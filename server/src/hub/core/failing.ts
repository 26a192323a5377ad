// The end that a job must not have: said once, and nothing more is decided of it.
import type { Findings, ProblemCode } from '@forge/shared/contract/problem.ts'
import type { HubCommand } from './events.ts'
import type { Job } from './state.ts'

export function fail(job: Job, code: ProblemCode, detail: string): HubCommand {
  const wasRunning = job.phase === 'running'
  job.phase = 'closing'
  const found = findingsOf(job)
  return { type: 'fail', jobId: job.id, code, detail: wasRunning ? `${detail}${whatWasWrong(found)}` : detail, found }
}

function findingsOf({ policy, shards, acceptedCount: accepted, executions, voided }: Job): Findings {
  const mismatches = shards.filter(({ submissions: [first, ...others] }) =>
    others.some(({ digest }) => digest !== first?.digest),
  ).length
  return { mode: policy.verify, shards: shards.length, accepted, executions, mismatches, voided }
}

/** "Agents have left" is not all of it where some of them had lied. */
function whatWasWrong({ mismatches, voided }: Findings): string {
  const found: string[] = []
  if (voided > 0) found.push(`${count(voided, 'answer')} of agents that were found wrong or taken out did not count`)
  if (mismatches > 0) found.push(`answers to ${count(mismatches, 'shard')} differed`)
  return found.length === 0 ? '' : ` Before, ${found.join(', and ')}.`
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
