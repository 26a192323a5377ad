// The contracts that `pnpm conformance` computes: those that stress different parts of the programs. One that
// cannot be compared yet is named in the answer and joins by itself.
import { readFileSync } from 'node:fs'
import type { Rational } from '@forge/shared/exact/rational.ts'
import { isRefusal } from '@forge/shared/kernels/kernel.ts'
import { kernelName, kernels } from '@forge/shared/kernels/registry.gen.ts'
import { planQuestion, type PlannedQuestion } from '@forge/shared/verifier/audit.ts'
import { compileOnce } from './cases.ts'

interface Contract {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  /** Its years begin so that 2^32 is in the middle of them. */
  readonly carries?: boolean
}

const FOUNDING: { args: Contract['args'] } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/founding-request.json', import.meta.url), 'utf8'),
)
const plain = { claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const unlimited = { policy_limit: null, aggregate_limit: null, cat_limit: null }

const EMPIRICAL = {
  kind: 'empirical',
  quantiles: [
    [0, 0],
    [0.5, 300],
    [0.9, 1000],
    [0.99, 12_000],
    [1, 400_000],
  ],
}

const CONTRACTS: readonly Contract[] = [
  { name: 'founding', args: FOUNDING.args },
  { name: 'founding, past 2^32 years', args: FOUNDING.args, carries: true },
  {
    name: 'deductibles and limits',
    args: { ...plain, deductible: 300, aggregate_deductible: 700, policy_limit: 2000 },
  },
  { name: 'rare catastrophes', args: { ...plain, claim_freq: 0.2, cat_prob: 1e-6, cat_mu: 11, cat_limit: 1_000_000 } },
  {
    name: 'heavy tails',
    args: { ...plain, claim_severity_sig: 3, policy_limit: 1_000_000, aggregate_limit: 3_000_000 },
  },
  { name: 'frequent claims', args: { ...plain, claim_freq: 60, claim_severity_mu: 3 }, carries: true },
  { name: 'exact quantiles', args: { ...plain, quantiles: true } },
  { name: 'greatest events', args: { ...plain, cat_prob: 0.3, cat_mu: 7, quantiles: true, oep: true }, carries: true },
  {
    name: 'no limits, small',
    args: { ...plain, ...unlimited, claim_severity_mu: 3, claim_severity_sig: 0.5, cat_prob: 0 },
  },
  { name: 'no limits', args: { ...plain, ...unlimited, cat_mu: 12, cat_sig: 2 } },
  {
    name: 'no limits, exact quantiles',
    args: { ...plain, ...unlimited, quantiles: [0.01, 0.5, 0.9999] },
    carries: true,
  },
  { name: 'severity as data', args: { claim_freq: 2, claim_severity: EMPIRICAL } },
]
const OP = { op: 'mc', version: 1, profile: 'insurance.v1' }

export interface Planned {
  readonly name: string
  readonly question: PlannedQuestion
  /** Added to every range. */
  readonly offset: bigint
}

/**
 * Shares out the years so that every contract takes about as long. `left` says which are left out and why: they cannot
 * be planned, or a pass of theirs has a program that is not `runnable`.
 */
export function planContracts(
  years: number,
  rootSeed: string,
  runnable: (kernel: string, program: string) => boolean,
): { planned: Planned[]; left: string[] } {
  const kernel = kernels.get(kernelName(OP))
  if (kernel === undefined) throw new Error(`there is no kernel ${kernelName(OP)}`)
  const left: string[] = []
  const ready = CONTRACTS.flatMap((contract) => {
    const plan = kernel.plan(kernel.argsSchema.parse({ ...contract.args, iterations: 1_000_000 }))
    if (isRefusal(plan)) {
      left.push(`${contract.name}: ${plan.errors.map(({ message }) => message).join(' ')}`)
      return []
    }
    const missing = plan.passes.find(({ program }) => !runnable(kernelName(OP), program))
    if (missing !== undefined) {
      left.push(`${contract.name}: nobody has written ${missing.program} for both`)
      return []
    }
    return [{ contract, draws: toNumber(plan.drawsPerUnit), passes: plan.grid.passes }]
  })
  const perDraw = years / ready.reduce((sum, { draws }) => sum + 1 / draws, 0)
  const planned = ready.map(({ contract: { name, args, carries = false }, draws, passes }): Planned => {
    // Odd, so that the last shard is an odd one, too.
    const iterations = 2 * Math.ceil(perDraw / draws / passes / 2) + 1
    const op = { name: OP.op, version: OP.version, profile: OP.profile }
    const question = planQuestion({ op, args: { ...args, iterations }, rootSeed }, compileOnce)
    return { name, question, offset: carries ? 2n ** 32n - BigInt(iterations) / 2n : 0n }
  })
  return { planned, left }
}

const toNumber = ({ numerator, denominator }: Rational): number => Number((numerator * 1000n) / denominator) / 1000
