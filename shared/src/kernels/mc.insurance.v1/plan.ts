// From args to a plan: facts, passes, tables, shards. Nothing here looks at seeds, agents or policy.
import { add, rational, rationalFromNumber } from '../../exact/rational.ts'
import { shardGrid } from '../grid.ts'
import type { KernelPlan, PassPlan, PlanRefusal, TableSpec } from '../kernel.ts'
import { catSeverity, claimSeverity, type InsuranceArgs, type Severity } from './args.ts'
import { fittingFacts, greatestOf, type InsuranceFacts } from './facts.ts'
import { PROFILES } from './profile.ts'
import { refusal, tooManyForQuantiles } from './refusal.ts'
import { TAIL_UNITS_MAX } from './tail.ts'

export interface InsurancePlan extends KernelPlan {
  readonly facts: InsuranceFacts
}

export function plan(args: InsuranceArgs): InsurancePlan | PlanRefusal {
  const greatest = greatestOf(args)
  const facts = fittingFacts(args, greatest)
  if (facts === null) return refusal(args)
  const drawsPerUnit = add(rational(1n), add(rationalFromNumber(args.claim_freq), rationalFromNumber(args.cat_prob)))
  const passes = passesOf(args, facts)
  const refines = args.quantiles.length > 0
  const grid = shardGrid(BigInt(args.iterations), drawsPerUnit, passes.length + (refines ? 1 : 0))
  if (refines && grid.unitsPerShard > TAIL_UNITS_MAX) return tooManyForQuantiles()
  return { grid, drawsPerUnit, tables: tablesOf(args, facts), passes, refines, facts }
}

/** The years' losses, and beside them, when asked, the years' greatest events. */
function passesOf({ oep }: InsuranceArgs, { profile }: InsuranceFacts): PassPlan[] {
  const losses: PassPlan = { program: profile, facts: { of: 'losses' } }
  return oep ? [losses, { program: profile, facts: { of: 'events' } }] : [losses]
}

function tablesOf(args: InsuranceArgs, facts: InsuranceFacts): Record<string, TableSpec> {
  const { tableLimit } = PROFILES[facts.profile]
  const tableOf = (severity: Severity, ceiling: bigint): TableSpec => {
    const shape = {
      fractionBits: facts.fractionBits,
      // A ceiling that no value can reach is none.
      ceiling: ceiling < tableLimit ? String(ceiling) : null,
      wide: facts.profile === 'wide',
    }
    return severity.kind === 'lognormal'
      ? { kind: 'lognormal-quantile.v2', mu: severity.mu, sigma: severity.sigma, ...shape }
      : { kind: 'empirical-quantile.v1', quantiles: severity.quantiles, ...shape }
  }
  const top = BigInt(facts.deductible) + BigInt(facts.policyLimit)
  const severity = tableOf(claimSeverity(args), facts.greatestCount === 0 ? 0n : top)
  const count: TableSpec = { kind: 'poisson-threshold.v1', rate: args.claim_freq }
  if (facts.catPossible === 0) return { severity, count }
  return { severity, count, catastrophe: tableOf(catSeverity(args), BigInt(facts.catLimit)) }
}
