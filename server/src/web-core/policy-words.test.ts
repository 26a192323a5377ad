// Words of a policy that would be ignored are refused, where a client says them itself.
import { expect, test } from 'vitest'
import { z } from 'zod'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { foundingText, KEY, startTestApp } from './test-app.ts'

const fields = z.record(z.string(), z.unknown())
const parts = z.object({ policy: fields }).loose().parse(JSON.parse(foundingText))
const bodyWith = (policy: object): string =>
  JSON.stringify({ ...parts, ctx: {}, policy: { ...parts.policy, ...policy } })

const t = startTestApp()
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }

test.each(['execute', 'estimate'])('%s refuses `full` and degrading in one breath', async (name) => {
  const body = bodyWith({ verify: 'full', on_unverified: 'degrade' })
  const response = await t.app.request(`/api/v0/ops/${name}`, { method: 'POST', body, headers })
  expect(response.status).toBe(422)
  const message = expect.stringMatching(/leave this field out or say "fail"/)
  expect(problemSchema.parse(await response.json())).toMatchObject({
    code: 'VALIDATION_FAILED',
    errors: [{ path: 'policy.on_unverified', message }],
  })
  expect(t.store.jobs.size).toBe(0)
})

test.each([
  [{ verify: 'none', spotcheck_rate: 0.1 }, ['policy.spotcheck_rate'], /checks no shard: leave this field out/],
  [{ verify: 'full', spotcheck_rate: 0.1 }, ['policy.spotcheck_rate'], /checks every shard: leave this field out/],
  [{ verify: 'none', on_unverified: 'degrade' }, ['policy.on_unverified'], /none can be missing: leave this field out/],
  [{ verify: 'none', on_unverified: 'fail' }, ['policy.on_unverified'], /none can be missing: leave this field out/],
  [
    { verify: 'full', on_unverified: 'degrade', spotcheck_rate: 1 },
    ['policy.spotcheck_rate', 'policy.on_unverified'],
    /ask for "spotcheck"/,
  ],
])('%j says what would be ignored, and is refused', async (policy, paths, message) => {
  const { errors = [], status } = problemSchema.parse(await (await t.post(bodyWith(policy))).json())
  expect([status, errors.map(({ path }) => path)]).toEqual([422, paths])
  for (const error of errors) expect(error.message).toMatch(message)
})

test.each([
  { verify: 'none' },
  { verify: 'full' },
  { verify: 'full', on_unverified: 'fail' },
  { on_unverified: 'degrade' },
])('%j runs', async (policy) => {
  expect((await t.post(bodyWith(policy))).status).toBe(200)
})
