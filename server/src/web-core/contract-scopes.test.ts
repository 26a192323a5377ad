// A contract is no way around the scopes of memory: what its args refer to is read, and what its artifacts say written, for a
// key that may do so itself, and for another one nothing tells what is there.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import type { Scope } from '@forge/shared/contract/tenants.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from './examples.fixtures.ts'

let world: ExampleWorld
beforeAll(async () => {
  world = await openExampleWorld()
  const table = JSON.stringify([
    [0, 0],
    [1, 90_000],
  ])
  await world.app.request('/api/v0/blob/table', { method: 'PUT', body: table, headers: bearer(world.own.key) })
}, WORLD_START_MS)
afterAll(() => world.close())

const bearer = (key: string) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' })
const send = async (key: string, operation: 'execute' | 'estimate', contract: object) =>
  world.app.request(`/api/v0/ops/${operation}`, {
    method: 'POST',
    body: JSON.stringify(contract),
    headers: bearer(key),
  })
const contractWith = (quantiles: unknown, more: object = {}) => ({
  ...FOUNDING_REQUEST,
  ctx: {},
  args: { iterations: 1_000, claim_freq: 2, claim_severity: { kind: 'empirical', quantiles } },
  ...more,
})
const refusal = async (response: Response) => {
  const { status, code, detail, errors } = problemSchema.parse(await response.json())
  return { status, code, detail, paths: errors?.map(({ path }) => path) }
}
const JOBS: readonly Scope[] = ['jobs:read', 'jobs:write']
const AT = 'args.claim_severity.quantiles'

test.each(['execute', 'estimate'] as const)(
  '%s resolves references for a key that may read memory',
  async (operation) => {
    const key = await world.makeKey(JOBS)
    const told = []
    for (const reference of [{ $blob: 'table' }, { $blob: 'nothing' }, { $vmem: 'nothing@1' }, { $vmem: 'no name' }]) {
      told.push(await refusal(await send(key, operation, contractWith(reference))))
    }
    expect(told[0]).toMatchObject({ status: 403, code: 'FORBIDDEN', paths: [AT] })
    expect(told[0]?.detail).toBe(
      `This key lacks the scope memory:read, which ${AT} needs; it has: jobs:read, jobs:write.`,
    )
    // The same whether it is there or not.
    for (const one of told) expect(one).toEqual(told[0])
    expect(
      (await send(await world.makeKey([...JOBS, 'memory:read']), operation, contractWith({ $blob: 'table' }))).status,
    ).toBe(200)
    expect(
      (
        await send(
          key,
          operation,
          contractWith([
            [0, 0],
            [1, 9],
          ]),
        )
      ).status,
    ).toBe(200)
  },
)

test('what a job persists takes a key that may write memory; its estimate writes nothing', async () => {
  const contract = { ...FOUNDING_REQUEST, ctx: {}, artifacts: { persist: true } }
  const key = await world.makeKey([...JOBS, 'memory:read'])
  expect(await refusal(await send(key, 'execute', contract))).toMatchObject({
    status: 403,
    code: 'FORBIDDEN',
    detail: expect.stringContaining('memory:write'),
    paths: ['artifacts.persist'],
  })
  expect((await send(key, 'estimate', contract)).status).toBe(200)
  expect((await send(key, 'execute', { ...contract, artifacts: { persist: false } })).status).toBe(200)
  expect((await send(await world.makeKey([...JOBS, 'memory:write']), 'execute', contract)).status).toBe(200)
})

test('who lacks both scopes of memory is told of both', async () => {
  const contract = contractWith({ $blob: 'table' }, { artifacts: { persist: true } })
  const told = await refusal(await send(await world.makeKey(JOBS), 'execute', contract))
  expect(told).toMatchObject({ status: 403, code: 'FORBIDDEN', paths: [AT, 'artifacts.persist'] })
  expect(told.detail).toBe(
    `This key lacks the scope memory:read, which ${AT} needs, and the scope memory:write, which artifacts.persist needs; it has: jobs:read, jobs:write.`,
  )
})

test('a lesser key attaches to what another one began, for that reads and writes nothing', async () => {
  const key = await world.makeKey(JOBS)
  const contract = contractWith({ $blob: 'table' }, { ctx: { job_id: 'begun' }, artifacts: { persist: true } })
  expect((await refusal(await send(key, 'execute', contract))).code).toBe('FORBIDDEN')
  expect((await send(world.own.key, 'execute', contract)).status).toBe(200)
  const attached = await send(key, 'execute', contract)
  expect([attached.status, attached.headers.get('forge-attached')]).toEqual([200, 'true'])
  const other = contractWith({ $blob: 'other' }, { ctx: { job_id: 'begun' } })
  expect((await refusal(await send(key, 'execute', other))).code).toBe('JOB_ID_REUSED')
})

test('the replay of a job that persisted and referred reads and writes no memory, and takes no scope of it', async () => {
  const contract = contractWith({ $blob: 'table' }, { artifacts: { persist: true } })
  const { job_id: id } = JSON.parse(await (await send(world.own.key, 'execute', contract)).text())
  const headers = { ...bearer(await world.makeKey(JOBS)), prefer: 'respond-async' }
  const replayed = await world.app.request(`/api/v0/jobs/${id}/replay`, { method: 'POST', body: '{}', headers })
  expect(replayed.status).toBe(202)
  const { job_id: again } = JSON.parse(await replayed.text())
  const stored = JSON.parse((await world.store.job(again))?.request ?? '')
  expect([stored.artifacts, stored.args.claim_severity.quantiles]).toEqual([
    undefined,
    [
      [0, 0],
      [1, 90_000],
    ],
  ])
})
