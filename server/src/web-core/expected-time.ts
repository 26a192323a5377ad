// How long a contract would take at the speeds that the agents online have now, if they did nothing else: a job that is too
// large for its deadline, or for which there are too few, is told so before it has cost anybody anything. A guess, for people
// and limits; nothing is digested.
import { CONTRACT_LIMITS } from '@forge/shared/contract/envelope.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { Accepted } from './contract.ts'
import { WEB_LIMITS } from './limits.ts'

const YEAR_MS = 365 * 24 * 60 * 60 * 1_000

/** Executions of a shard for each that has to be there, by the mode; those of a spotcheck follow from its rate. */
const CHECKS = { none: () => 0, spotcheck: (rate: number) => rate, full: () => 1 } as const

/** Milliseconds, `expectedMsMax` for whatever is longer; null where no agent is online that could work on it. */
export function expectedMs(
  { contract, kernel, plan }: Pick<Accepted, 'contract' | 'kernel' | 'plan'>,
  projectId: ProjectId,
  hub: Pick<Hub, 'speeds'>,
): number | null {
  const { policy } = contract
  const speeds = hub.speeds(kernelName(kernel.id), { projectId, policy }).toSorted((a, b) => b - a)
  if (speeds.length === 0) return null
  const units = Number(plan.grid.units) * plan.grid.passes
  const executions = units * (1 + CHECKS[policy.verify](policy.spotcheck_rate))
  const sum = (of: readonly number[]): number => of.reduce((total, speed) => total + speed, 0)
  // First answers are those of `max_agents` at most; anybody may check.
  const seconds = Math.max(units / sum(speeds.slice(0, policy.max_agents)), executions / sum(speeds))
  return Math.min(Math.ceil(seconds * 1_000), WEB_LIMITS.expectedMsMax)
}

/** Null where so many are online that it would begin at once. */
export function fewWarning({ contract }: Pick<Accepted, 'contract'>, eligible: number): string | null {
  const { min_agents: least, timeout_ms: timeoutMs } = contract.policy
  if (eligible >= least) return null
  const are =
    eligible === 1 ? '1 agent that could work on it is' : `${eligible || 'no'} agents that could work on it are`
  return `The job would wait: ${are} online, and its policy.min_agents is ${least}. If they do not come within its policy.timeout_ms, ${timeoutMs}, it fails with NO_ELIGIBLE_AGENTS and is not billed.`
}

/** Null where it would be in time, and where nobody is online to judge by. */
export function lateWarning({ contract }: Pick<Accepted, 'contract'>, expected: number | null): string | null {
  const { timeout_ms: timeoutMs } = contract.policy
  if (!isLate(timeoutMs, expected)) return null
  const { timeoutMsMax } = CONTRACT_LIMITS
  const longer =
    expected <= timeoutMsMax ? `ask for a longer policy.timeout_ms (at most ${timeoutMsMax})` : 'ask for less'
  return `At the speed of the agents that are online now the job would take ${spoken(expected)}, and its policy.timeout_ms is ${timeoutMs}: it would time out without a result. To avoid it, ${longer}, or come back when more agents are online.`
}

export const isLate = (timeoutMs: number, expected: number | null): expected is number =>
  expected !== null && expected > timeoutMs

function spoken(ms: number): string {
  if (ms >= WEB_LIMITS.expectedMsMax) return `more than ${Math.floor(WEB_LIMITS.expectedMsMax / YEAR_MS)} years`
  if (ms < 120_000) return `about ${Math.ceil(ms / 1_000)} s`
  const minutes = Math.ceil(ms / 60_000)
  return minutes < 120 ? `about ${minutes} min` : `about ${Math.ceil(minutes / 60)} h`
}
