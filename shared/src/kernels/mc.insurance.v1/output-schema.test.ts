// Real outputs fit the published schema, whichever parts of it a contract asks for.
import { expect, test } from 'vitest'
import { kernel } from './kernel.ts'
import { outputSchema } from './output-schema.ts'
import { simulate } from './simulate.case.ts'

const founding = { iterations: 20_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }

test.each<[string, object]>([
  ['the founding contract', founding],
  ['one year', { ...founding, iterations: 1 }],
  ['exact quantiles', { ...founding, quantiles: true }],
  ['both exceedance curves', { ...founding, oep: true }],
  ['no loss at all', { ...founding, claim_freq: 0, cat_prob: 0 }],
  ['a tail beyond the generator', { ...founding, claim_severity_sig: 2.5, policy_limit: null, aggregate_limit: null }],
])('%s', async (_, args) => {
  const { loss } = await simulate(args, 'seed')
  expect(outputSchema.parse({ loss })).toEqual({ loss })
  expect(kernel.outputSchema).toBe(outputSchema)
})
