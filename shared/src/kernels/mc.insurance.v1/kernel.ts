// `mc` 1 `insurance.v1`, put together for planner, engines, hub and reducer. README.md is the definition.
import type { Kernel, Launch, PassPlan } from '../kernel.ts'
import { arrays } from './arrays.ts'
import { argsSchema, type InsuranceArgs } from './args.ts'
import { kernelDigest } from './digest.gen.ts'
import { constantsOf, SELECTED_MAX } from './launch.ts'
import { addShard, emptyTotals, output, selectBins, type Total } from './output.ts'
import { outputSchema } from './output-schema.ts'
import { decodePartial, partialBytesMax, type PartialBounds, type ShardPartial } from './partial.ts'
import type { InsuranceFacts } from './facts.ts'
import { plan, type InsurancePlan } from './plan.ts'
import { PROFILES, WIDE, type Profile } from './profile.ts'
import { reference } from './reference.ts'
import { decodeTail, TAIL_UNITS_MAX, tailBytesMax, witnessOfFirst, type TailPartial } from './tail.ts'
import { TailTotal } from './tail-total.ts'

type Shard =
  | { readonly of: 'losses' | 'events'; readonly partial: ShardPartial }
  | {
      readonly of: 'tail'
      readonly partial: TailPartial
      readonly profile: Profile
      readonly selected: readonly number[]
    }

/** What a pass adds up: the years' losses, their greatest events, or the tail beyond selected bins. */
interface PassFacts {
  readonly of: Shard['of']
  /** Of the second pass. */
  readonly bins?: readonly number[]
}

export const kernel: Kernel<InsuranceArgs, Shard, Total, InsurancePlan> = {
  id: { op: 'mc', version: 1, profile: 'insurance.v1' },
  aliases: ['insurance.loss.v1'],
  digest: kernelDigest,
  argsSchema,
  arrays,
  outputSchema,
  partialBytesMax: Math.max(partialBytesMax(WIDE), tailBytesMax(WIDE, SELECTED_MAX + 1, TAIL_UNITS_MAX)),
  plan,
  launch({ facts }, pass, key, tables): Launch {
    const { of, bins = [] } = factsOf(pass)
    return { program: pass.program, constants: constantsOf(facts, key, of === 'events', bins), tables }
  },
  reference,
  decode(bytes, units, { facts }, pass, witness) {
    const { of, bins: selected = [] } = factsOf(pass)
    const profile = PROFILES[facts.profile]
    if (of === 'tail') return { of, partial: decodeTail(profile, bytes, units, selected, witness), profile, selected }
    return { of, partial: decodePartial(profile, bytes, units, boundsOf(facts, of)) }
  },
  empty: () => ({ losses: emptyTotals(), events: emptyTotals(), tail: null }),
  add(total, shard) {
    if (shard.of !== 'tail') return addShard(total[shard.of], shard.partial)
    total.tail ??= new TailTotal(shard.profile, shard.selected)
    total.tail.add(shard.partial)
  },
  refine(total, args, planned): PassPlan {
    const facts: PassFacts = { of: 'tail', bins: selectBins(total, args, planned) }
    return { program: `${planned.facts.profile}.tail`, facts }
  },
  witness(shard, refined) {
    if (shard.of === 'tail') throw new Error('the second pass witnesses nothing')
    return witnessOfFirst(shard.partial, factsOf(refined).bins ?? [])
  },
  output,
}

/** A pass of this kernel: `plan` and `refine` made it, or a receipt that was checked against its digest. */
const factsOf = ({ facts }: PassPlan): PassFacts => facts as PassFacts

function boundsOf(facts: InsuranceFacts, of: 'losses' | 'events'): PartialBounds {
  const { none } = PROFILES[facts.profile]
  const greatestPayment = BigInt(facts.greatestPayment)
  const greatestCatastrophe = BigInt(facts.greatestCatastrophe)
  const bounds = { greatestCount: facts.greatestCount, greatestPayment, greatestCatastrophe }
  if (of === 'events') {
    const greatestLoss = greatestPayment > greatestCatastrophe ? greatestPayment : greatestCatastrophe
    return { ...bounds, aggregateLimit: none, greatestLoss }
  }
  const most = BigInt(facts.greatestCount) * greatestPayment + greatestCatastrophe - BigInt(facts.aggregateDeductible)
  return { ...bounds, aggregateLimit: BigInt(facts.aggregateLimit), greatestLoss: most > 0n ? most : 0n }
}
