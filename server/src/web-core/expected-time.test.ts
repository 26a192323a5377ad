// A job that is too large for its deadline is told so: by the estimate's rule, and in the answer of whoever does not wait.
import { expect, test } from 'vitest'
import { CONTRACT_LIMITS, contractSchema } from '@forge/shared/contract/envelope.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { acceptContract, type Accepted } from './contract.ts'
import { estimateOf } from './estimate.ts'
import { createFakeStore, DEFAULT_PROJECT } from './fakes.ts'
import { expectedMs, fewWarning, lateWarning } from './expected-time.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'
import { limitsOf } from './tenant-views.ts'
import { foundingText, startTestApp } from './test-app.ts'

const PROJECT = 'p' as ProjectId

function accepted(policy: object, args: object = {}): Accepted {
  const founding = JSON.parse(foundingText)
  const sent = { ...founding, ctx: {}, policy: { ...founding.policy, ...policy }, args: { ...founding.args, ...args } }
  const body = contractSchema.parse(sent)
  const made = acceptContract(body, sent, { args: body.args, references: [] })
  if (made instanceof Refusal) throw new Error(made.problem.detail)
  return made
}
const taking = (policy: object, speeds: number[], args?: object) =>
  expectedMs(accepted(policy, args), PROJECT, { speeds: () => speeds })

test('first runs by the fastest max_agents, checks by all, of every pass', () => {
  expect(taking({ verify: 'none' }, [])).toBeNull()
  expect(taking({ verify: 'none' }, [10_000])).toBe(1_000_000)
  expect(taking({ verify: 'spotcheck', spotcheck_rate: 0.5 }, [10_000])).toBe(1_500_000)
  expect(taking({ verify: 'full' }, [10_000, 10_000])).toBe(1_000_000)
  expect(taking({ verify: 'none' }, [10_000], { quantiles: true })).toBe(2_000_000)
  expect(taking({ verify: 'none', min_agents: 1, max_agents: 1 }, [1, 5, 10_000, 9_000])).toBe(1_000_000)
  expect(taking({ verify: 'full', min_agents: 1, max_agents: 1 }, [10_000, 30_000])).toBe(500_000)
})

test('the warning names both times and what would help', () => {
  const contract = accepted({ timeout_ms: 600_000 })
  for (const inTime of [null, 1, 600_000]) expect(lateWarning(contract, inTime)).toBeNull()
  expect(lateWarning(contract, 600_001)).toMatch(/about 11 min, .*timeout_ms is 600000: .*a longer policy\.timeout_ms/)
  const hurried = accepted({ timeout_ms: 1_000 })
  for (const [expected, said] of [
    [1_656, 'about 2 s'],
    [119_999, 'about 120 s'],
    [120_000, 'about 2 min'],
    [120_001, 'about 3 min'],
  ] as const) {
    expect(lateWarning(hurried, expected)).toContain(`would take ${said}, and`)
  }
  expect(lateWarning(contract, CONTRACT_LIMITS.timeoutMsMax + 1)).toMatch(/ask for less, or come back/)
})

test('the estimate warns of too few agents with what would happen, and of both where it is both', async () => {
  expect(fewWarning(accepted({ min_agents: 2 }), 2)).toBeNull()
  expect(fewWarning(accepted({ min_agents: 2 }), 1)).toMatch(
    /1 agent that could work on it is online, .*min_agents is 2\./,
  )
  const store = createFakeStore()
  const project = await store.project(DEFAULT_PROJECT)
  if (project === null) throw new Error('there is no project')
  const used = { perDay: 0n, total: 0n, testPerDay: 0n }
  const standing = { limits: limitsOf(project), used, jobs: { concurrent: 0, queued: 0 }, eligible: 0, givenUp: 0 }
  const warningsFor = (expected: number | null) => estimateOf(accepted({}), { ...standing, expected }).warnings
  const few = expect.stringMatching(/no agents that .* NO_ELIGIBLE_AGENTS/)
  expect([warningsFor(null), warningsFor(700_000)]).toEqual([[few], [few, expect.stringMatching(/would time out/)]])
})

test('what an agent of the least speed would take is an integer that the API can say, and more than that in words', () => {
  for (const speed of [Number.MIN_VALUE, 1e-12, 1e-6]) {
    const expected = taking({ verify: 'full' }, [speed])
    expect(expected).toBe(WEB_LIMITS.expectedMsMax)
    expect(Number.isSafeInteger(expected)).toBe(true)
    expect(lateWarning(accepted({}), expected)).toMatch(/would take more than 10 years, and/)
  }
  expect(lateWarning(accepted({}), WEB_LIMITS.expectedMsMax - 1)).toMatch(/would take about \d+ h, and/)
})

test('whoever does not wait for a new job reads it in the answer', async () => {
  const t = startTestApp()
  t.hub.end = null
  t.hub.hub.speeds = () => [1_000]
  const text = foundingText
  const late = await t.post(text, { prefer: 'respond-async' })
  expect(late.status).toBe(202)
  expect(await late.json()).toMatchObject({ warnings: [expect.stringMatching(/would time out/)] })
  t.hub.hub.speeds = () => [1_000_000]
  const other = JSON.stringify({ ...JSON.parse(text), ctx: {} })
  expect(await (await t.post(other, { prefer: 'respond-async' })).json()).not.toHaveProperty('warnings')
})
