// Why a contract cannot be planned, in the words of its arguments: which of them would help, and up to which value.
import { SHARDS_MAX } from '../grid.ts'
import type { PlanRefusal } from '../kernel.ts'
import { AMOUNT_MAX, type InsuranceArgs } from './args.ts'
import { fittingFacts, greatestOf, type Greatest } from './facts.ts'
import { TAIL_UNITS_MAX } from './tail.ts'

type Remedy = readonly [path: string, changed: (value: number) => InsuranceArgs, condition: string]

/** Names each limit that would help by itself, or the two that help together, with the greatest whole amount that fits. */
export function refusal(args: InsuranceArgs): PlanRefusal {
  const greatest = greatestOf(args)
  const bothLimits: Remedy = [
    'policy_limit',
    (value) => ({ ...args, policy_limit: value, cat_limit: value }),
    'cat_limit being at most the same and ',
  ]
  const policyLimit: Remedy = ['policy_limit', (value) => ({ ...args, policy_limit: value }), '']
  const alone: readonly Remedy[] = [
    // Whether cat_limit was sent or taken from policy_limit can no longer be told, so the sentence says what it must be.
    args.cat_limit === args.policy_limit && args.cat_prob > 0 ? bothLimits : policyLimit,
    ['cat_limit', (value) => ({ ...args, cat_limit: value }), ''],
    ['aggregate_limit', (value) => ({ ...args, aggregate_limit: value }), ''],
    ['aggregate_deductible', (value) => ({ ...args, aggregate_deductible: value }), ''],
    ...(args.claim_severity === undefined ? [parameterOf(args, 'claim_severity_mu')] : []),
    ...(args.cat_severity === undefined && args.cat_prob > 0 ? [parameterOf(args, 'cat_mu')] : []),
  ]
  // With both limits at 0 every contract fits, so the second list is never empty.
  const errors = errorsOf(alone, args, greatest)
  return {
    refused: true,
    code: 'RANGE_NOT_SUPPORTED',
    errors: errors.length > 0 ? errors : errorsOf([bothLimits], args, greatest),
  }
}

const parameterOf = (args: InsuranceArgs, name: 'claim_severity_mu' | 'cat_mu'): Remedy => [
  name,
  (value) => ({ ...args, [name]: value }),
  '',
]

function errorsOf(remedies: readonly Remedy[], args: InsuranceArgs, greatest: Greatest): PlanRefusal['errors'] {
  return remedies.flatMap(([name, changed, condition]) => {
    const isMu = name === 'claim_severity_mu' || name === 'cat_mu'
    const fits = (value: number): boolean => {
      const candidate = changed(value)
      return fittingFacts(candidate, isMu ? greatestOf(candidate) : greatest) !== null
    }
    // What was asked does not fit, so the search for a mu ends there.
    const [least, most] = isMu ? [-50, Math.ceil(args[name] ?? 0)] : [0, AMOUNT_MAX]
    if (!fits(least)) return []
    const value = fits(most) ? most : greatestWhole(fits, least, most)
    const message = `at most ${value} fits, ${condition}the other arguments unchanged`
    return [{ path: `args.${name}`, message }]
  })
}

function greatestWhole(fits: (value: number) => boolean, least: number, most: number): number {
  let low = least
  let high = most
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle
  }
  return low
}

/** The second pass keeps a list of losses a shard, and a job has a limited number of shards. */
export function tooManyForQuantiles(): PlanRefusal {
  // A shard has a power of two of units, and more than 2^18 of them only when the job would have too many shards.
  const most = SHARDS_MAX * TAIL_UNITS_MAX
  return {
    refused: true,
    code: 'RANGE_NOT_SUPPORTED',
    errors: [
      { path: 'args.iterations', message: `at most ${most} with exact quantiles; leave args.quantiles out for more` },
    ],
  }
}
