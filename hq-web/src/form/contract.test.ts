// What the form of a new job makes of policy and artifacts: what is empty is left out, what is typed is said as the API has it.
import { expect, test } from 'vitest'
import { CONTRACT_LIMITS, contractSchema } from '@forge/shared/contract/envelope.ts'
import { count } from '../format.ts'
import { words } from '../words.ts'
import { contractOf, formOf, foundingForm, type Form, type KeptContract } from './contract.ts'

const form = foundingForm([])
const made = (changes: Partial<Form>) => contractOf({ ...form, ...changes }, []).contract

test('the founding form says no region, no artifacts, and nothing of where a check cannot be placed', () => {
  const { policy, artifacts } = contractSchema.parse(made({}))
  expect([policy.region, policy.on_unverified, artifacts]).toEqual([undefined, 'degrade', undefined])
  expect(made({}).policy).not.toHaveProperty('on_unverified')
})

test('region, fail and artifacts come out as the API has them', () => {
  const contract = made({
    policy: { ...form.policy, region: ' eu-west ', on_unverified: 'fail' },
    artifacts: { include: ['metrics_json', 'result_json'], namespace: 'runs', arrays: 'quantiles = severity, ' },
  })
  expect(contractSchema.parse(contract)).toMatchObject({
    policy: { region: 'eu-west', on_unverified: 'fail' },
    artifacts: {
      include: ['result_json', 'metrics_json'],
      kv_namespace: 'runs',
      vmem: [{ array: 'quantiles', name: 'severity' }],
    },
  })
})

test('an array without a name is sent, so that the server says what it lacks', () => {
  const parsed = contractSchema.safeParse(made({ artifacts: { ...form.artifacts, arrays: 'quantiles' } }))
  expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toContain('artifacts.vmem.0.name')
})

test('a number of the policy that is none is said beside its field, and not sent', () => {
  const { contract, faults } = contractOf({ ...form, policy: { ...form.policy, min_agents: 'two' } }, [])
  expect(faults).toEqual({
    'policy.min_agents': 'This is not a number as it is written here: 10,000,000 or 0.25 or 1e6.',
  })
  expect(contract.policy).not.toHaveProperty('min_agents')
})

test('a request that a job had comes out of the form as it went in, without its id', () => {
  const sent = contractSchema.parse(
    made({
      policy: { ...form.policy, region: 'eu-west', pool: 'in-house', on_unverified: 'fail', timeout_ms: '5,000' },
      artifacts: { include: ['result_json'], namespace: 'runs', arrays: 'quantiles=severity' },
      seedMode: 'derived',
      mode: 'test',
      ownId: 'nightly',
    }),
  )
  const again = contractSchema.parse(contractOf(formOf(sent as unknown as KeptContract, []), []).contract)
  const { job_id, ...ctx } = sent.ctx
  expect(job_id).toBe('nightly')
  expect(again).toEqual({ ...sent, ctx })
})

test('the ranges in words are those of the contract', () => {
  const { agentsMax, spotcheckRateMin, spotcheckRateDefault, timeoutMsMin, timeoutMsMax, timeoutMsDefault } =
    CONTRACT_LIMITS
  const { min_agents, max_agents, spotcheck_rate, timeout_ms } = words.form.policyHelp
  for (const help of [min_agents, max_agents]) expect(help).toContain(`1 to ${count(agentsMax)}.`)
  expect(spotcheck_rate).toBe(`${spotcheckRateMin} to 1. Empty: ${spotcheckRateDefault}.`)
  expect(timeout_ms).toContain(`${count(timeoutMsMin)} to ${count(timeoutMsMax)},`)
  expect(timeout_ms).toContain(`Empty: ${count(timeoutMsDefault)},`)
})
