// What a project may learn of agents, and what an operator's orders do: over HTTP, on a real store.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { Identity, JobId } from '@forge/shared/contract/ids.ts'
import { noWrites, aSubmission } from '../../store/store.fixtures.ts'
import { operatorAgentSchema, projectAgentSchema } from '../agent-views.ts'
import { ADMIN_TOKEN, FOREIGN_MARK, openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { EXAMPLE } from '../examples.ts'

const stranger = 'cd'.repeat(32) as Identity

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
  const answers = [0, 1].map((shard) => aSubmission(EXAMPLE.job, shard, { executor: stranger }))
  await world.store.writeShards({ ...noWrites, submissions: answers })
}, WORLD_START_MS)
afterAll(() => world.close())

async function ask(path: string, key: string, body?: object): Promise<unknown> {
  const response = await world.app.request(path, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  expect(response.status).toBe(200)
  return response.json()
}

const pageSchema = z.object({ agents_online: z.int(), next_cursor: z.string().nullable() })
const own = async (query = '') =>
  pageSchema.extend({ agents: z.array(projectAgentSchema) }).parse(await ask(`/api/v0/agents${query}`, world.own.key))
const fleet = async (query = '') =>
  pageSchema
    .extend({ agents: z.array(operatorAgentSchema) })
    .parse(await ask(`/api/v0/operator/agents${query}`, ADMIN_TOKEN))

test('a reason may have what people write; control characters and halves of characters are none of it', async () => {
  const path = `/api/v0/operator/agents/${EXAMPLE.unknownAgent}/quarantine`
  const asked = async (reason: string) =>
    (
      await world.app.request(path, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reason }),
      })
    ).status
  // Well formed: only nobody is there who has that name.
  for (const reason of ['\u{1F469}\u200D\u{1F4BB} asked', '\u200Fעברית\u200E', 'soft\u00ADhyphen'])
    expect(await asked(reason)).toBe(404)
  for (const reason of ['a\u0007b', 'a\nb', 'a\u009Fb', 'half \uD83D'])
    expect([400, 422]).toContain(await asked(reason))
})

async function order(kind: string, reason = 'Its owner asked for it.') {
  const answer = await ask(`/api/v0/operator/agents/${EXAMPLE.agent}/${kind}`, ADMIN_TOKEN, { reason })
  const { changed, agent } = z.object({ changed: z.boolean(), agent: operatorAgentSchema }).parse(answer)
  return { changed, quarantine: agent.details.quarantine }
}

const shardsSchema = z.object({ shards: z.array(z.object({ attempts: z.array(z.object({ agent: z.string() })) })) })

test('a project sees its own agents whole, and of a stranger what its shards tell under the same name', async () => {
  const { agents, agents_online } = await own()
  expect(agents_online).toBe(0)
  const ours = agents.filter((one) => one.own)
  expect(ours).toMatchObject([
    {
      work: null,
      running: [],
      details: {
        names: ['rack 7'],
        kinds: ['node'],
        connected: true,
        sessions: 1,
        gone_at: null,
        pool: EXAMPLE.pool,
        engines: [{ engine: 'wasm', self_test: 'passed', tier: 'probation', units_per_second: 1e6 }],
        quarantine: null,
      },
    },
  ])
  const others = agents.filter((one) => !one.own && one.work?.answers === 2)
  expect(others).toMatchObject([
    { details: null, running: [], work: { jobs: 1, answers: 2, void: 0, engines: ['wasm'], trusted: false } },
  ])
  const { shards } = shardsSchema.parse(await ask(`/api/v0/jobs/${EXAMPLE.job}/shards`, world.own.key))
  expect(shards[0]?.attempts[0]?.agent).toBe(others[0]?.agent)
  expect(JSON.stringify(agents)).not.toMatch(new RegExp(`${FOREIGN_MARK}|192\\.0\\.2|${stranger}|${EXAMPLE.agent}`))
})

test('of what its own agents hold a project is told its own jobs alone', async () => {
  const holding = world.roster.agents().map((agent) => ({
    ...agent,
    sessions: agent.sessions.map((session) => ({
      ...session,
      holds: [EXAMPLE.job, world.foreign.ids.job].map((id) => {
        return { jobId: id as JobId, role: 'check' as const, engine: 'wasm' as const, shards: 3 }
      }),
    })),
  }))
  const shown = vi.spyOn(world.roster, 'agents').mockReturnValue(holding)
  const { agents } = await own('?own=true')
  const everybody = await fleet('?connected=true')
  shown.mockRestore()
  expect(agents.map(({ running }) => running)).toEqual([[{ job_id: EXAMPLE.job, engine: 'wasm', shards: 3 }]])
  expect(everybody.agents[0]?.running).toHaveLength(2)
})

test.each(['this server’s', 'another server’s'])('nobody orders about %s referee', async (whose) => {
  const referee = whose.startsWith('this')
    ? vi.spyOn(world.roster, 'isReferee').mockImplementation((identity) => identity === stranger)
    : vi.spyOn(world.store, 'wasReferee').mockImplementation(async (identity) => identity === stranger)
  const response = await world.app.request(`/api/v0/operator/agents/${stranger}/ban`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'A guess.' }),
  })
  referee.mockRestore()
  expect(response.status).toBe(404)
  expect((await fleet('?quarantined=true')).agents).toEqual([])
})

test('filters, and pages that together are the list', async () => {
  const names = (answer: { agents: { agent: string }[] }) => answer.agents.map(({ agent }) => agent)
  const all = names(await own())
  const paged: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await own(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`)
    paged.push(...names(page))
    cursor = page.next_cursor
  }
  expect(paged).toEqual(all)
  expect(names(await own('?own=true'))).toHaveLength(1)
  expect(names(await own('?own=false'))).toHaveLength(all.length - 1)
  expect(names(await own('?connected=true'))).toHaveLength(1)
  expect(names(await own('?quarantined=true'))).toEqual([])
  expect(names(await own(`?pool=${EXAMPLE.pool}&tier=probation`))).toHaveLength(1)
  const everybody = await fleet('?connected=true')
  expect(names(everybody)).toEqual([EXAMPLE.agent, 'ab'.repeat(32), stranger].toSorted())
  expect(everybody.agents.find(({ agent }) => agent === EXAMPLE.agent)).toMatchObject({
    owner: EXAMPLE.project,
    networks: ['192.0.2.0/24'],
  })
})

test('orders hold at once, are repeated without effect, and are acts with who gave them and why', async () => {
  expect(await order('release')).toEqual({ changed: false, quarantine: null })
  expect(await order('quarantine')).toMatchObject({
    changed: true,
    quarantine: { state: 'waits', by: 'operator', reason: 'Its owner asked for it.', exposures: 0 },
  })
  expect(await order('quarantine', 'Again.')).toMatchObject({ changed: false })
  expect(await order('ban', 'It is not a machine of ours.')).toMatchObject({
    changed: true,
    quarantine: { state: 'banned', until: null },
  })
  const { agents } = await own('?quarantined=true')
  expect(agents).toMatchObject([
    { details: { quarantine: { state: 'banned', reason: 'It is not a machine of ours.' } } },
  ])
  expect(await order('release', 'A mistake.')).toMatchObject({ changed: true, quarantine: { state: 'may-try' } })
  const acts = await world.store.actsOf('operator', { after: null, limit: 9 })
  expect(acts.map(({ type, actor, data }) => [type, actor, JSON.parse(data).reason]).toReversed()).toEqual([
    ['agent.quarantined', 'operator', 'Its owner asked for it.'],
    ['agent.banned', 'operator', 'It is not a machine of ours.'],
    ['agent.released', 'operator', 'A mistake.'],
  ])
})

test('of an exposure the owner is told no other project’s job', async () => {
  const exposed = { identity: EXAMPLE.agent as Identity, number: 1, reason: `job ${world.foreign.ids.job}: shard 3` }
  await world.store.writeShards({ ...noWrites, quarantines: [{ ...exposed, atMs: Date.now() + 1_000 }] })
  const { agents } = await own('?quarantined=true')
  expect(agents[0]?.details?.quarantine).toMatchObject({
    by: 'verification',
    reason: expect.not.stringContaining('job'),
  })
  const everybody = await fleet('?quarantined=true')
  expect(everybody.agents[0]?.details.quarantine?.reason).toBe(exposed.reason)
})
