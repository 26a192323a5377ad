// Whose agents work for which jobs: dedicated pools and regions, owners who never check themselves, and agents that the
// operator trusts.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProjectId, SessionId } from '@forge/shared/contract/ids.ts'
import { lie, Pool } from '../sim/pool.ts'
import { countEligible, eligibleAgents, mayCheck } from './eligibility.ts'
import { KERNEL } from '../sim/kernel.ts'
import { shardOf, type Agent, type AgentToken } from './state.ts'

const token = (change: Partial<AgentToken> = {}): AgentToken => ({
  owner: 'project' as ProjectId,
  pool: null,
  region: null,
  madeByOperator: false,
  trusted: false,
  ...change,
})
const agentOf = (pool: Pool, session: string): Agent => {
  const agent = pool.hub.agents.get(session as SessionId)
  if (agent === undefined) throw new Error(`no agent ${session}`)
  return agent
}

describe('a dedicated pool', () => {
  const AGENTS: Readonly<Record<string, AgentToken | undefined>> = {
    volunteer: undefined,
    'own, for everybody': token(),
    'own pool': token({ pool: 'in-house' }),
    'other pool': token({ pool: 'gpu-room' }),
    'of the same name, somebody else’s': token({ owner: 'another' as ProjectId, pool: 'in-house' }),
    'own pool in the west': token({ pool: 'in-house', region: 'west' }),
    'own, for everybody, in the west': token({ region: 'west' }),
    'somebody else’s that claims the west': token({ owner: 'another' as ProjectId, region: 'west' }),
    'the operator’s in the west': token({ owner: 'another' as ProjectId, region: 'west', madeByOperator: true }),
  }
  it.each([
    [
      'no pool',
      {},
      [
        'volunteer',
        'own, for everybody',
        'own, for everybody, in the west',
        'somebody else’s that claims the west',
        'the operator’s in the west',
      ],
    ],
    ['a pool', { pool: 'in-house' }, ['own pool', 'own pool in the west']],
    ['a region', { region: 'west' }, ['own, for everybody, in the west', 'the operator’s in the west']],
    ['both', { pool: 'in-house', region: 'west' }, ['own pool in the west']],
    ['a region where nobody is', { region: 'moon' }, []],
  ])('%s', (_, asked, able) => {
    const pool = new Pool({ referee: true })
    for (const [session, said] of Object.entries(AGENTS)) pool.join(session, said === undefined ? {} : { token: said })
    pool.join('referee', { referee: true })
    const job = pool.job(pool.plan('job', 3, { ...asked, min_agents: 9, max_agents: 9 }))
    expect(eligibleAgents(pool.hub, job).map(({ session }) => session)).toEqual(able)
    const foreseen = { projectId: job.projectId, policy: job.policy }
    expect(countEligible(pool.hub, KERNEL, foreseen)).toBe(able.length)
  })

  it('waits for its agents and says so, and a volunteer helps nothing', () => {
    const pool = new Pool()
    const job = pool.plan('job', 1, { pool: 'in-house', region: 'west' })
    pool.join('volunteer')
    expect(pool.job(job)).toMatchObject({
      phase: 'waiting',
      reason: expect.stringMatching(/0 of min_agents 1 .* in pool "in-house" in region "west"$/),
    })
    const own = pool.join('own', { token: token({ pool: 'in-house', region: 'west' }) })
    pool.work(own)
    expect(pool.last('complete')?.record).toMatchObject({ authors: 1, status: 'clean' })
  })

  it('is judged by the referee: its agents are all of one owner', () => {
    const pool = new Pool({ referee: true })
    const [first] = ['a', 'b'].map((name) => pool.join(name, { token: token({ pool: 'in-house' }) }))
    const referee = pool.join('referee', { referee: true })
    pool.plan('job', 4, { pool: 'in-house', verify: 'full' })
    for (const session of [first, 'b' as SessionId, referee]) if (session !== undefined) pool.work(session)
    expect(pool.last('complete')?.record).toMatchObject({ checked: 4, checked_by_trusted: 4 })
  })
})

describe('an owner', () => {
  it.each([
    ['of the same owner', token(), false],
    ['of the same owner, and trusted', token({ trusted: true }), false],
    ['of another owner', token({ owner: 'another' as ProjectId }), true],
    ['of nobody', undefined, true],
  ])('an agent %s', (_, said, may) => {
    const pool = new Pool()
    const author = pool.join('author', { token: token() })
    const job = pool.job(pool.plan('job', 1, { verify: 'full' }))
    pool.work(author)
    pool.join('other', said === undefined ? {} : { token: said })
    expect(mayCheck(pool.hub, job, agentOf(pool, 'other'), shardOf(job, 0))).toBe(may)
  })

  it('is remembered from the answers that a restart brings in', () => {
    const pool = new Pool()
    const author = pool.join('author', { token: token() })
    const before = pool.plan('job', 1, { verify: 'full' })
    pool.work(author)
    const rows = pool.job(before).shards.flatMap(({ submissions }) => submissions)
    const restarted = new Pool()
    const job = restarted.job(restarted.plan('job', 1, { verify: 'full' }, rows, { state: 'RUNNING' }))
    restarted.join('kin', { token: token() })
    restarted.join('stranger')
    expect(mayCheck(restarted.hub, job, agentOf(restarted, 'kin'), shardOf(job, 0))).toBe(false)
    expect(mayCheck(restarted.hub, job, agentOf(restarted, 'stranger'), shardOf(job, 0))).toBe(true)
  })
})

describe('an agent that the operator trusts', () => {
  const trusted = token({ owner: 'operator' as ProjectId, trusted: true })

  it('has a word from its first shard on, makes veterans, and its checks count as trusted', () => {
    const pool = new Pool()
    const fresh = pool.join('fresh', { fresh: true })
    const checker = pool.join('checker', { fresh: true, token: trusted })
    pool.plan('job', 4, { verify: 'full', max_agents: 1 })
    for (let round = 0; round < 4; round++) for (const session of [fresh, checker]) pool.work(session)
    const { record } = pool.last('complete') ?? {}
    expect(record).toMatchObject({ checked: 4, checked_by_trusted: 4, mismatches: 0 })
    expect(record?.bound?.map((bound) => bound.max_wrong_shards)).toEqual([0, 0, 0])
  })

  it('is not checked by itself: what it ran first counts as no check', () => {
    const pool = new Pool()
    pool.work(pool.join('own', { fresh: true, token: trusted }))
    pool.plan('job', 5)
    pool.work('own' as SessionId)
    expect(pool.last('complete')?.record).toMatchObject({ checked: 0, checked_by_trusted: 0 })
    expect(pool.last('complete')?.verdicts.map((verdict) => verdict.trusted)).toEqual(Array(5).fill(false))
  })

  it('settles no dispute: the referee does, and exposes it where it was wrong', () => {
    const pool = new Pool({ referee: true })
    const author = pool.join('author')
    const checker = pool.join('checker', { token: trusted })
    const job = pool.plan('job', 1, { verify: 'full', max_agents: 1 })
    pool.work(author)
    pool.work(checker, lie)
    expect(shardOf(pool.job(job), 0).status).toBe('disputed')
    pool.work(pool.join('referee', { referee: true }))
    expect(pool.hub.quarantined.has(agentOf(pool, 'author').identity)).toBe(false)
    expect([...pool.hub.quarantined]).toEqual(['checker'])
  })
})

describe('whoever comes and goes', () => {
  const name = fc.constantFrom('in-house', 'gpu-room')
  const owner = fc.constantFrom('project', 'another') as fc.Arbitrary<ProjectId>
  const region = fc.constantFrom('west', 'east')
  const said = fc.option(
    fc.record({
      owner,
      pool: fc.option(name),
      region: fc.option(region),
      madeByOperator: fc.boolean(),
      trusted: fc.boolean(),
    }),
  )
  const policy = fc.record(
    { pool: name, region, verify: fc.constantFrom('none' as const, 'spotcheck' as const, 'full' as const) },
    { requiredKeys: ['verify'] },
  )

  it('nobody holds a shard of a job that it does not serve, nor checks what its owner ran', () => {
    fc.assert(
      fc.property(
        fc.array(said, { minLength: 1, maxLength: 8 }),
        fc.array(fc.record({ project: owner, policy, shards: fc.integer({ min: 1, max: 6 }) }), { maxLength: 4 }),
        fc.boolean(),
        (agents, jobs, hasReferee) => {
          const pool = new Pool({ referee: hasReferee })
          jobs.forEach((job, n) => pool.plan(`job-${n}`, job.shards, job.policy, [], { project: job.project }))
          if (hasReferee) pool.join('referee', { referee: true })
          agents.forEach((one, n) => pool.join(`agent-${n}`, one === null ? {} : { token: one }))
          for (let round = 0; round < 6; round++) {
            for (const agent of pool.hub.agents.values()) {
              for (const held of pool.held(agent.session)) {
                const job = pool.hub.jobs.get(held.jobId)
                if (job?.phase !== 'running') continue
                holds(agent, job, held.order.shards)
                pool.answer(held)
              }
            }
          }
        },
      ),
    )
  })

  function holds({ referee, token: own }: Agent, job: ReturnType<Pool['job']>, shards: readonly number[]): void {
    if (referee) return
    const { pool: asked, region: where } = job.policy
    expect(own?.pool ?? undefined).toBe(asked)
    if (asked !== undefined) expect(own?.owner).toBe(job.projectId)
    if (where !== undefined) {
      expect(own?.region).toBe(where)
      if (own?.madeByOperator !== true) expect(own?.owner).toBe(job.projectId)
    }
    const ranBy = shards.flatMap((index) => shardOf(job, index).submissions.map((row) => row.owner))
    if (own !== null) expect(ranBy).not.toContain(own.owner)
  }
})
