// The arguments of `insurance.v1` with their ranges and defaults: SPEC section 5.
import { z } from 'zod'
import { CONTRACT_LIMITS } from '../../contract/envelope.ts'

/** Of exact quantiles: each level may need the bins of three ranks. */
const LEVELS_MAX = 20
/** What `quantiles: true` stands for. */
export const DEFAULT_LEVELS = [0.5, 0.9, 0.95, 0.99, 0.995, 0.999] as const
/** Points of an empirical quantile function: so many have exact probabilities in a table. */
const POINTS_MAX = 63
/** The catastrophe, unless the contract says another. */
const CAT_MU = 10
const CAT_SIGMA = 1.5

export const AMOUNT_MAX = 1e15
const amount = z.number().min(0).max(AMOUNT_MAX)
const limit = amount.nullable()
const mu = z.number().min(-50).max(50)
const sigma = z.number().min(0).max(5)

const ascending = (values: readonly number[], strictly: boolean): boolean =>
  values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0) || (!strictly && value === values[i - 1]))

/** A severity as data: its quantile function, linear between the points given. */
const empirical = z.strictObject({
  kind: z.literal('empirical'),
  quantiles: z
    .array(z.tuple([z.number().min(0).max(1), amount]))
    .min(2)
    .max(POINTS_MAX)
    .refine(
      (points) =>
        ascending(
          points.map(([p]) => p),
          true,
        ),
      'the probabilities must rise from point to point',
    )
    .refine(
      (points) =>
        ascending(
          points.map(([, x]) => x),
          false,
        ),
      'the amounts must not fall from point to point',
    )
    .refine((points) => points[0]?.[0] === 0 && points.at(-1)?.[0] === 1, 'the probabilities must go from 0 to 1'),
})

const QUANTILES = `must be true, false, or at most ${LEVELS_MAX} rising levels between 0 and 1`
/** None at all is what `false` is filled in as. */
const levels = z
  .array(z.number().gt(0).lt(1))
  .max(LEVELS_MAX)
  .refine((given) => ascending(given, true), 'the levels must rise')

const sentArgs = z.strictObject({
  iterations: z.int().min(1).max(CONTRACT_LIMITS.iterationsMax),
  claim_freq: z.number().min(0).max(10_000),
  claim_severity_mu: mu.optional(),
  claim_severity_sig: sigma.optional(),
  claim_severity: empirical.optional().describe('instead of the two above, one of which ways is needed'),
  cat_prob: z.number().min(0).max(1).default(0.02),
  // Not defaults of the schema: beside `cat_severity` they must be left out.
  cat_mu: mu.optional().describe(`${CAT_MU} unless said, where \`cat_severity\` is not`),
  cat_sig: sigma.optional().describe(`${CAT_SIGMA} unless said, where \`cat_severity\` is not`),
  cat_severity: empirical.optional().describe('instead of the two above'),
  policy_limit: limit.default(50_000),
  aggregate_limit: limit.default(250_000),
  deductible: amount.default(0),
  aggregate_deductible: amount.default(0),
  cat_limit: limit.optional().describe('`policy_limit` unless said'),
  /** Levels whose quantiles shall be exact, or `true` for the usual ones. */
  quantiles: z.union([z.boolean(), levels], { error: QUANTILES }).default(false),
  oep: z.boolean().default(false),
})
type SentArgs = z.infer<typeof sentArgs>

export interface LogNormal {
  readonly kind: 'lognormal'
  readonly mu: number
  readonly sigma: number
}
export type Empirical = z.infer<typeof empirical>
export type Severity = LogNormal | Empirical

/** As the contract digest sees them: every default filled in, `cat_limit` from `policy_limit`, -0 as 0. */
export const argsSchema = sentArgs
  .superRefine((args, context) => {
    const missing = (path: string): void => context.addIssue({ code: 'custom', path: [path], message: 'is required' })
    const surplus = (path: string, instead: string): void =>
      context.addIssue({ code: 'custom', path: [path], message: `must be left out where ${instead} is given` })
    for (const [data, ...names] of [
      ['claim_severity', 'claim_severity_mu', 'claim_severity_sig'],
      ['cat_severity', 'cat_mu', 'cat_sig'],
    ] as const) {
      for (const name of names) {
        if (args[data] !== undefined && args[name] !== undefined) surplus(name, data)
        if (data === 'claim_severity' && args[data] === undefined && args[name] === undefined) missing(name)
      }
    }
  })
  .transform(filledIn)

export interface InsuranceArgs {
  readonly iterations: number
  readonly claim_freq: number
  /** These two, or the third. */
  readonly claim_severity_mu?: number
  readonly claim_severity_sig?: number
  readonly claim_severity?: Empirical
  readonly cat_prob: number
  /** These two, or the third. */
  readonly cat_mu?: number
  readonly cat_sig?: number
  readonly cat_severity?: Empirical
  readonly policy_limit: number | null
  readonly aggregate_limit: number | null
  readonly deductible: number
  readonly aggregate_deductible: number
  readonly cat_limit: number | null
  /** Empty: intervals from the histogram. */
  readonly quantiles: readonly number[]
  readonly oep: boolean
}

function filledIn({
  cat_limit: catLimit,
  quantiles,
  claim_severity: claims,
  cat_severity: cats,
  ...args
}: SentArgs): InsuranceArgs {
  const {
    claim_severity_mu: claimMu = 0,
    claim_severity_sig: claimSigma = 0,
    cat_mu: catMu = CAT_MU,
    cat_sig: catSigma = CAT_SIGMA,
    ...rest
  } = args
  const filled = {
    ...rest,
    ...(claims === undefined
      ? { claim_severity_mu: claimMu, claim_severity_sig: claimSigma }
      : { claim_severity: claims }),
    ...(cats === undefined ? { cat_mu: catMu, cat_sig: catSigma } : { cat_severity: cats }),
    cat_limit: catLimit === undefined ? args.policy_limit : catLimit,
    quantiles: quantiles === true ? [...DEFAULT_LEVELS] : quantiles === false ? [] : quantiles,
  }
  for (const [name, value] of Object.entries(filled)) if (Object.is(value, -0)) Object.assign(filled, { [name]: 0 })
  return filled
}

const lognormal = (logMean: number, logSd: number): LogNormal => ({ kind: 'lognormal', mu: logMean, sigma: logSd })

export const claimSeverity = (args: InsuranceArgs): Severity =>
  args.claim_severity ?? lognormal(args.claim_severity_mu ?? 0, args.claim_severity_sig ?? 0)
export const catSeverity = (args: InsuranceArgs): Severity =>
  args.cat_severity ?? lognormal(args.cat_mu ?? CAT_MU, args.cat_sig ?? CAT_SIGMA)
