// The guards of verification: of checks and votes, of exposures and what follows from them, and of passes and restarts.
import { guardIn, type Guard } from './guard.ts'

const CHECKS: readonly Guard[] = [
  guardIn(
    'settle.ts',
    'what the sample draws is checked',
    '    isDrawn(sampleOf(job, index, digest), rateOf(rate)) ||\n',
  ),
  guardIn(
    'settle.ts',
    'all that a fresh key returns is checked',
    `    authorRowOf(shard)?.tier === 'probation' ||\n    isDrawn`,
    '    isDrawn',
  ),
  guardIn('settle.ts', 'an escalated job has every shard checked', '    job.escalated ||\n'),
  guardIn(
    'step.ts',
    'a restart knows that a job was escalated',
    `      job.escalated = job.voided > 0 && job.policy.verify === 'spotcheck'\n`,
  ),
  guardIn(
    'strata.ts',
    'each author has a check',
    '    if (covered.has(row.author)) continue\n    covered.add(row.author)\n',
    '    continue\n',
  ),
  guardIn(
    'strata.ts',
    'a job has so many checks',
    '  for (const row of inOrder(open)) if (checks < needed && !isCounted(row)) add(row)\n',
  ),
  guardIn('finish.ts', 'full never degrades', `  if (job.policy.verify === 'full') return []\n`),
  guardIn(
    'finish.ts',
    'a job degrades where its policy says so',
    `  if (job.policy.on_unverified === 'fail') return [fail(job, 'NO_ELIGIBLE_CHECKER', noChecker(job))]\n`,
  ),
  guardIn('votes.ts', 'a vote has an end', `weighty.length >= VOTES_MAX ? 'hung' : 'open'`, `'open'`),
  guardIn('votes.ts', 'a vote has three on its side', 'first[1] >= VOTES_TO_WIN && '),
  guardIn('votes.ts', 'a vote leads by two', ' && first[1] - (second?.[1] ?? 0) >= VOTES_LEAD'),
  guardIn(
    'votes.ts',
    'fresh keys have no vote',
    'submissions.filter(({ tier }) => isWeighty(tier))',
    '[...submissions]',
  ),
  guardIn(
    'dispatch.ts',
    'fresh keys are not asked to vote',
    '  if (!isWeighty(tierOf(state, agent, job.kernel, ability))) return []\n',
  ),
  guardIn(
    'dispatch.ts',
    'no vote where a referee is to come',
    'if (job.disputed.size === 0 || refereeIsToCome(state, job)) return []',
    'if (job.disputed.size === 0) return []',
  ),
]

const EXPOSURE: readonly Guard[] = [
  guardIn(
    'exposure.ts',
    'an exposure takes back what its identity answered',
    'takeBack(state, job, identity)\n',
    '[] as ReturnType<typeof takeBack>\n',
  ),
  guardIn(
    'exposure.ts',
    'an exposure escalates the jobs it touches',
    '    if (touched.size > 0 || job.authors.has(identity)) commands.push(...escalate(state, job, settle))\n',
  ),
  guardIn(
    'exposure.ts',
    'a vote that exposed identities won is void',
    'if (shard.accepted !== null && own.digest !== shard.accepted) return',
    'if (shard.accepted !== null && shard.submissions.some(({ digest }) => digest !== shard.accepted)) return',
  ),
  guardIn('exposure.ts', 'an exposure ends the standing', '  loseStanding(state, identity)\n'),
  guardIn('exposure.ts', 'an exposure ends the trial', '    agent.trialsLeft = 0\n'),
  guardIn('exposure.ts', 'the second exposure is for good', 'return isSecond ? Infinity : ', 'return '),
  guardIn(
    'standing.ts',
    'the store’s word of an exposed identity is worth nothing',
    'if (valid > 0 && state.quarantined.has(identity))',
    'if (valid < 0)',
  ),
  guardIn('standing.ts', 'who was exposed earns nothing', '    if (state.quarantined.has(row.executor)) continue\n'),
  guardIn(
    'standing.ts',
    'a word that counts makes a veteran',
    '    if (!behind.some((other) => other !== row && isWeighty(other.tier))) continue\n',
  ),
  guardIn('standing.ts', 'an agreement counts once', ' || counted.has(row.executor)) continue', ') continue'),
  guardIn(
    'settle.ts',
    'a restart counts no agreement again',
    '    if (isRestored) shard.counted.add(submission.executor)\n',
  ),
  guardIn(
    'trial.ts',
    'a trial begins in time',
    'quarantine !== undefined && quarantine.untilMs <= state.nowMs',
    'quarantine !== undefined',
  ),
  guardIn('trial.ts', 'a trial is of answers that are known', ' && shard.submissions.some(isTrusted)'),
  guardIn(
    'trial.ts',
    'a wrong answer ends the trial',
    '    if (shard.accepted !== digest) return [...commands, ...failTrial(state, agent, lease.jobId, index)]\n',
  ),
  guardIn('trial.ts', 'a trial has ten shards', '  if (agent.trialsLeft > 0) return commands\n'),
]

const PASSES: readonly Guard[] = [
  guardIn(
    'passes.ts',
    'a last pass opens on what stands',
    `  if (job.basis !== event.basis || job.parts[0]?.settled !== true) return []\n`,
  ),
  guardIn(
    'passes.ts',
    'a last pass rests on one basis',
    `  if (isBound && job.basis !== basis) return [fail(job, 'VERIFICATION_FAILED', BASIS_CHANGED)]\n`,
  ),
  guardIn('failures.ts', 'a contradicted shard is checked', '  shard.mustCheck = true\n'),
  guardIn(
    'settle.ts',
    'no check of a contradicted shard is given up',
    'job.degraded && !job.contradicted.has(index)',
    'job.degraded',
  ),
  guardIn('step.ts', 'a job is planned once', '      if (state.jobs.has(event.job.id)) return []\n'),
  guardIn(
    'step.ts',
    'an ending that is durable stands',
    '      if (event.ending !== null) return endAgain(state, job, event.ending)\n',
  ),
  guardIn('step.ts', 'a job’s state never goes back', `state === 'VERIFYING' ? 'VERIFYING' : 'RUNNING'`, `'RUNNING'`),
]

export const VERIFICATION_GUARDS: readonly Guard[] = [...CHECKS, ...EXPOSURE, ...PASSES]
