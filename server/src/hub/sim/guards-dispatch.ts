// The guards of dispatch: of answers and leases, and of who may be given what.
import { guardIn, type Guard } from './guard.ts'

/** Never true, and not for the compiler to see. */
const NEVER = 'state.nowMs < 0'

const ANSWERS: readonly Guard[] = [
  guardIn(
    'step.ts',
    'an answer carries the epoch of its lease',
    `  if (lease.epoch !== event.epoch) return refuse('STALE_EPOCH', 'This answer carries an old epoch.')\n`,
  ),
  guardIn(
    'step.ts',
    'an answer names shards that its lease holds',
    'if (event.shards.some(({ shard }) => !lease.shards.has(shard))) {',
    `if (${NEVER}) {`,
  ),
  guardIn(
    'step.ts',
    'an exposed identity answers nothing but its trial',
    'if (agent !== undefined && state.quarantined.has(agent.identity) && !isTrial) {',
    `if (${NEVER}) {`,
  ),
  guardIn(
    'step.ts',
    'an answer counts only when it is durable',
    `return [{ type: 'store', session: event.session, request: event.request, submissions }]`,
    `return [{ type: 'store', session: event.session, request: event.request, submissions }, ...takeIn(state, job, submissions)]`,
  ),
  guardIn(
    'settle.ts',
    'a late answer of an exposed identity is void',
    'if (state.quarantined.has(submission.executor) && !settled.has(submission.shard)) {',
    `if (${NEVER}) {`,
  ),
  guardIn(
    'settle.ts',
    'a void answer escalates the job, as a restart would',
    '  if (voids.length > 0) commands.push(...escalate(state, job, settleShard))\n',
  ),
  guardIn('settle.ts', 'a shard waits while an answer of it is being stored', `  if (storing > 0) return 'storing'\n`),
  guardIn(
    'settle.ts',
    'a shard waits while somebody else has it',
    'if (holders.size === 0) return status',
    'return status',
  ),
  guardIn(
    'speed.ts',
    'no claim makes an agent infinitely fast',
    'Math.min(SPEED_MAX, Math.max(SPEED_MIN, unitsPerSecond))',
    'Math.max(SPEED_MIN, unitsPerSecond)',
  ),
  guardIn(
    'leases.ts',
    'what is out is counted without a rest',
    'heldMs -= heldShardMs(lease)',
    'heldMs -= lease.shardMs',
  ),
  guardIn('step.ts', 'time never runs back', 'Math.max(state.nowMs, event.nowMs)', 'event.nowMs'),
]

const LEASES: readonly Guard[] = [
  guardIn('step.ts', 'a lease ends', 'if (lease.expiresAtMs > state.nowMs) {', `if (!(${NEVER})) {`),
  guardIn(
    'leases.ts',
    'a lease is not renewed for ever',
    'Math.min(nowMs + lease.leaseMs, lease.endsAtMs)',
    'nowMs + lease.leaseMs',
  ),
  guardIn(
    'step.ts',
    'who leaves holds nothing',
    'const commands = [...agent.leases.values()].flatMap((lease) => release(state, agent, lease))',
    'const commands: HubCommand[] = []',
  ),
  guardIn(
    'step.ts',
    'a job takes its leases with it',
    `      drop(state, agent, lease)\n      commands.push({ type: 'revoke', session: agent.session`,
    `      commands.push({ type: 'revoke', session: agent.session`,
  ),
  guardIn(
    'dispatch.ts',
    'an agent has two leases at most',
    '      if (agent.leases.size >= (agent.lapses > 0 ? 1 : LEASES_PER_AGENT)) continue\n',
  ),
  guardIn(
    'admission.ts',
    'max_agents',
    'executors.size >= policy.max_agents',
    'executors.size > policy.max_agents * 9',
  ),
  guardIn('dispatch.ts', 'min_agents', 'if (eligible >= job.policy.min_agents) {', 'if (eligible >= 0) {'),
  guardIn(
    'finish.ts',
    'a job ends at its deadline',
    'if (state.nowMs >= job.deadlineMs) return',
    `if (${NEVER}) return`,
  ),
  guardIn('backup.ts', 'a shard has one backup', 'return !shard.backedUp && ', 'return '),
  guardIn(
    'backup.ts',
    'a tenth of a job has backups',
    'Math.max(1, Math.floor(job.shards.length * BACKUPS_MAX))',
    'job.shards.length',
  ),
  guardIn(
    'settle.ts',
    'the referee has a shard once',
    `if (isHeld) place(job, index, 'refereeing')`,
    `if (isHeld) place(job, index, 'disputed')`,
  ),
  guardIn(
    'settle.ts',
    'the referee has a shard once, until its answer is stored',
    `else place(job, index, storing > 0 ? 'storing' : 'disputed')`,
    `else place(job, index, 'disputed')`,
  ),
  guardIn(
    'finish.ts',
    'executions have an end',
    '    if (!hasEnded(job) && job.executions > executionsMax(job)) commands.push(failExhausted(job))\n',
  ),
]

const WHO: readonly Guard[] = [
  guardIn('eligibility.ts', 'nobody runs a shard twice', '!shard.excluded.has(agent.identity)', 'agent !== undefined'),
  guardIn(
    'strata.ts',
    'a backup that is out is the check',
    `place(job, index, resting(shardOf(job, index), 'to-check'))`,
    `place(job, index, 'to-check')`,
  ),
  guardIn('eligibility.ts', 'nobody is its own backup', '  if (one.identity === other.identity) return false\n'),
  guardIn(
    'eligibility.ts',
    'a backup is of another owner',
    '  if (one.token !== null && one.token.owner === other.token?.owner) return false\n',
  ),
  guardIn(
    'eligibility.ts',
    'a backup is of another network',
    'return !(state.settings.distinctNetwork && other.network === one.network)',
    'return true',
  ),
  guardIn(
    'eligibility.ts',
    'a checker is of another owner',
    '  if (!agent.referee && belongsTo(agent, shard.owners)) return false\n',
  ),
  guardIn(
    'eligibility.ts',
    'an engine fits the target',
    'return agent.referee || TARGET_ENGINES[job.policy.target].includes(ability.engine) ? ability : null',
    'return ability',
  ),
  guardIn('eligibility.ts', 'a job stays in its region', 'token?.region === region && (', 'token !== null && ('),
  guardIn(
    'eligibility.ts',
    'a region that an outsider claims is none',
    ' && (token.madeByOperator || token.owner === projectId)',
  ),
  guardIn(
    'eligibility.ts',
    'an agent has the kernel of the job',
    'if (ability === undefined || ability.kernelDigest !== job.kernelDigest) return null',
    'if (ability === undefined) return null',
  ),
  guardIn(
    'step.ts',
    'what a lost engine held is for those who fit',
    `      return [{ type: 'revoke', session, assignmentId: lease.assignmentId }, ...release(state, agent, lease)]\n`,
  ),
  guardIn('eligibility.ts', 'a checker is of another network', '!shard.networks.has(agent.network)', 'true'),
  guardIn(
    'eligibility.ts',
    'who was exposed gets no work',
    'if (ability === null || state.quarantined.has(agent.identity)) return null',
    'if (ability === null) return null',
  ),
  guardIn(
    'eligibility.ts',
    'an engine at fault gets no work',
    'return isSuspended(state, job.kernel, ability.engine) ? null : ability',
    'return ability',
  ),
  guardIn(
    'eligibility.ts',
    'fresh keys check where nobody else can',
    'return !state.settings.referee && !refereeOnline(state, job) && !hasWeightyChecker(state, job, shard)',
    'return true',
  ),
  guardIn(
    'eligibility.ts',
    'a fresh key checks no fresh key',
    `  if (job.policy.verify !== 'none' && !shard.submissions.some(({ tier }) => isWeighty(tier))) return false\n`,
  ),
  guardIn(
    'settle.ts',
    'a check rests on a word that counts',
    ` && (policy.verify === 'none' || submissions.some(({ tier }) => isWeighty(tier)))`,
  ),
  guardIn(
    'dispatch.ts',
    'a fresh key has no more out than it has to prove',
    'const most = Math.min(atOnce, shardsOutMax(state, job, agent, ability))',
    'const most = atOnce',
  ),
  guardIn('checkers.ts', 'checkers are drawn', 'Math.floor(state.settings.random() * some.length)', '0'),
  guardIn(
    'checkers.ts',
    'a check is for who was drawn',
    '(job.drawn.get(index)?.untilMs ?? Infinity) === Infinity',
    'index >= 0',
  ),
  guardIn(
    'dispatch.ts',
    'the referee checks what nobody else may',
    '(shard.lapsed || !hasWeightyChecker(state, job, shard))',
    'true',
  ),
  guardIn(
    'dispatch.ts',
    'the referee does no ordinary work',
    'return shard.excluded.size > 0 && mayRun(agent, shard) && !others',
    'return mayRun(agent, shard) && !others',
  ),
  guardIn('dispatch.ts', 'an assignment is of one pass', '(pass !== undefined && own !== pass) || '),
  guardIn(
    'failures.ts',
    'nobody gets a shard back that it failed on',
    '  shard.excluded.add(agent.identity)\n  shard.failures++',
    '  shard.failures++',
  ),
  guardIn('failures.ts', 'a fresh key that failed rests', '    agent.restsUntilMs = state.nowMs + REST_MS\n'),
  guardIn(
    'failures.ts',
    'fresh keys kill no job by failing',
    'if (ability !== null && isWeighty(tierOf(state, agent, job.kernel, ability))) {',
    'if (ability !== null) {',
  ),
  guardIn('settle.ts', 'one failure is not for the referee', 'failures >= FAILURES_BEFORE_REFEREE', 'failures > 0'),
]

export const DISPATCH_GUARDS: readonly Guard[] = [...ANSWERS, ...LEASES, ...WHO]
