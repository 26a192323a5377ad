// What the form of a new job makes of policy and artifacts: what is empty is left out, what is typed is said as the API has it.
import { expect, test } from 'vitest'
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { contractOf, foundingForm, type Form } from './contract.ts'

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
  expect(faults).toEqual({ 'policy.min_agents': 'This is not a number.' })
  expect(contract.policy).not.toHaveProperty('min_agents')
})
