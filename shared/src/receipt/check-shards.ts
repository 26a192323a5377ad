// The part of a bundle's check that is about shards: that their digests make the root, that those which the sample drew were
// checked, that the partials reduce to the output, and that shards which are run again here have the digests that they
// should.
import type { Engine } from '../agent/engines/engine.ts'
import { policySchema } from '../contract/envelope.ts'
import { fromBase64, fromHex } from '../exact/bytes.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { compare, multiply, rational } from '../exact/rational.ts'
import type { Digest } from '../exact/digest.ts'
import { merkleRoot } from '../exact/merkle.ts'
import { tableDigest } from '../distributions/table.ts'
import { passOf, shardsOf, type PassPlan } from '../kernels/kernel.ts'
import { planDigest } from '../planner/contract.ts'
import { createReducer, partialDigest } from '../reducer/reduce.ts'
import { auditShard, type PlannedQuestion } from '../verifier/audit.ts'
import { checksNeeded, isDrawn, rateOf, sampleOf } from '../verifier/sample.ts'
import type { Bundle } from './bundle.ts'
import { proved, unshown, wrong, type Checked } from './check-receipt.ts'
import { shardsDigest } from './receipt.ts'

const LISTED_MAX = 10
const listed = (some: readonly number[]): string =>
  `${some.slice(0, LISTED_MAX).join(', ')}${some.length > LISTED_MAX ? ` and ${some.length - LISTED_MAX} more` : ''}`

export function checkShards({ shards, receipt }: Bundle): Checked[] {
  const { result } = receipt.body
  if (result === null) return []
  const { verification } = result
  if (shards.length !== result.shards || shards.length !== verification.shards) {
    return [wrong('root', `shards: there are ${shards.length}, the receipt has ${result.shards}`)]
  }
  const root = merkleRoot(shards.map(([digest]) => digest))
  if (root !== result.merkle_root)
    return [wrong('root', `shards: their root is ${root}, not receipt.result.merkle_root`)]
  const verdicts = shards.map(([digest, confirmations, trusted]) => ({ digest, confirmations, trusted }))
  if (shardsDigest(verdicts) !== result.shards_digest) {
    return [wrong('root', 'shards: their confirmations are not those of receipt.result.shards_digest')]
  }
  const counted = {
    checked: shards.filter(isChecked).length,
    checked_by_trusted: verdicts.filter(({ trusted }) => trusted).length,
  }
  for (const name of ['checked', 'checked_by_trusted'] as const) {
    if (counted[name] === verification[name]) continue
    return [wrong('root', `receipt.result.verification.${name}: it is ${verification[name]}, counted ${counted[name]}`)]
  }
  return [proved('root', `${shards.length} shard digests make the root ${root}; ${counted.checked} were checked`)]
}

/** More than one executor gave the digest, or one that is trusted did. */
const isChecked = ([, confirmations, isTrusted]: Bundle['shards'][number]): boolean => confirmations > 1 || isTrusted

const uncheckedOf = (shards: Bundle['shards']): number[] =>
  shards.flatMap((verdict, shard) => (isChecked(verdict) ? [] : [shard]))

/** That every shard of a `full` job was checked; of a `spotcheck` those that the published key draws, and as many as are asked. */
export function checkSample({ shards, receipt }: Bundle): Checked {
  const { result, policy, job_id } = receipt.body
  const { mode, status, sampling_key } = result?.verification ?? {}
  if (mode === 'none') return proved('sample', 'the record is of none: no shard was drawn')
  if (mode === 'full') {
    const unchecked = uncheckedOf(shards)
    if (unchecked.length > 0) return wrong('sample', `shards: ${listed(unchecked)} were not checked, in a full job`)
    return proved('sample', `all ${shards.length} shards were checked`)
  }
  if (status === 'degraded') return unshown('sample', 'the job gave up on checks, and says so')
  const { spotcheck_rate } = policy
  if (sampling_key === undefined || typeof spotcheck_rate !== 'number')
    return wrong('sample', 'receipt: it lacks key or rate')
  const rate = rateOf(spotcheck_rate)
  try {
    const job = { id: job_id, samplingKey: fromHex(sampling_key) }
    const drawn = shards.flatMap(([digest], shard) => (isDrawn(sampleOf(job, shard, digest), rate) ? [shard] : []))
    const unchecked = new Set(uncheckedOf(shards))
    const missed = drawn.filter((shard) => unchecked.has(shard))
    if (missed.length > 0) return wrong('sample', `shards: ${listed(missed)} were drawn and not checked`)
    const checked = shards.length - unchecked.size
    const needed = checksNeeded(shards.length, rate)
    if (checked < needed) return wrong('sample', `shards: ${checked} were checked, the rate asks for ${needed}`)
    return proved('sample', `all ${drawn.length} shards that the key draws were checked, ${checked} in all`)
  } catch {
    return wrong('sample', 'receipt.result.verification.sampling_key: it is no key')
  }
}

export function checkPlan({ receipt, tables }: Bundle, question: PlannedQuestion): Checked[] {
  const { body } = receipt
  const { kernel, plan } = question
  const { work } = body.billing
  const compiled = Object.fromEntries(
    Object.entries(question.tables).map(([name, words]) => [name, tableDigest(words)]),
  )
  for (const name of new Set([...Object.keys(compiled), ...Object.keys(tables)])) {
    if (compiled[name] !== tables[name])
      return [wrong('plan', `tables.${name}: compiled again it is ${compiled[name]}`)]
  }
  const policy = policySchema.safeParse(body.policy)
  if (!policy.success) return [wrong('plan', 'contract.policy: it is none')]
  if (planDigest(body.contract_digest, kernel, plan, compiled, policy.data) !== body.plan_digest) {
    return [wrong('plan', 'receipt.plan_digest: it is not that of the contract, its tables and its policy')]
  }
  if (shardsOf(plan.grid) !== body.result?.shards) {
    return [wrong('plan', `receipt.result.shards: the plan has ${shardsOf(plan.grid)}`)]
  }
  if (work !== null) {
    if (work.iterations !== String(plan.grid.units)) {
      return [wrong('bill', `receipt.billing.work.iterations: the plan has ${plan.grid.units}`)]
    }
    const draws = multiply(plan.drawsPerUnit, rational(BigInt(plan.grid.passes)))
    const { numerator, denominator } = work.draws_per_iteration
    if (compare(draws, rational(BigInt(numerator), BigInt(denominator))) !== 0) {
      return [wrong('bill', 'receipt.billing.work.draws_per_iteration: it is not the plan’s')]
    }
  }
  return [proved('plan', `contract, tables and policy give the plan ${body.plan_digest}`)]
}

/** The output made again from the partials, and the last pass as it follows from the others. */
export function reduced(
  { partials, partials_missing, shards, answer, receipt }: Bundle,
  { kernel, args, plan }: PlannedQuestion,
): { readonly checked: Checked[]; readonly lastPass: PassPlan | undefined } {
  const passes = answer.hub.replay.passes ?? []
  const said = plan.refines ? passes[plan.passes.length] : undefined
  const lastPass = said === undefined ? undefined : { program: said.program, facts: said.facts }
  if ((partials === null) === (partials_missing === null)) {
    return { checked: [wrong('output', 'partials_missing: it does not say what is there')], lastPass }
  }
  if (partials === null) {
    const why = partials_missing === 'size' ? 'too large for a bundle' : 'no longer kept'
    return { checked: [unshown('output', `that the partials give the output: they are ${why}`)], lastPass }
  }
  try {
    if (partials.length !== shards.length) throw new Error(`there are ${partials.length} for ${shards.length} shards`)
    const reducer = createReducer(kernel, args, plan)
    partials.forEach((partial, shard) => {
      const bytes = fromBase64(partial)
      if (partialDigest(bytes) !== shards[shard]?.[0]) throw new Error(`${shard} is not what its digest was made of`)
      reducer.add(shard, bytes)
    })
    const { output, outputDigest } = reducer.finish()
    if (
      outputDigest !== receipt.body.result?.output_digest ||
      canonicalJson(output) !== canonicalJson(answer.hub.output)
    ) {
      return { checked: [wrong('output', 'answer.hub.output: the partials give another one')], lastPass }
    }
    const follows = plan.refines ? reducer.lastPass() : undefined
    if (canonicalJson(follows ?? null) !== canonicalJson(lastPass ?? null)) {
      return { checked: [wrong('output', 'answer.hub.replay.passes: the last one follows otherwise')], lastPass }
    }
    return { checked: [proved('output', `${partials.length} partials reduce to the output`)], lastPass }
  } catch (error) {
    return {
      checked: [wrong('output', `partials: ${error instanceof Error ? error.message : String(error)}`)],
      lastPass,
    }
  }
}

/** What is heard while shards are run again: which ones were drawn, then what each gave beside what the list has. */
export type RerunStep =
  | { readonly kind: 'drawn'; readonly shards: readonly number[] }
  | { readonly kind: 'ran'; readonly shard: number; readonly found: Digest; readonly listed: Digest }

export interface Rerun {
  readonly engine: Engine
  /** How many shards are run again. */
  readonly shards: number
  /** The next one of so many, at random; asked again when it gives one twice. */
  readonly draw: (of: number) => number
  readonly told?: (step: RerunStep) => void
}

export async function checkRerun(
  { shards }: Bundle,
  question: PlannedQuestion,
  lastPass: PassPlan | undefined,
  { engine, shards: wanted, draw, told }: Rerun,
): Promise<Checked[]> {
  const all = Math.min(shards.length, shardsOf(question.plan.grid))
  const chosen = new Set<number>()
  while (chosen.size < Math.min(wanted, all)) chosen.add(draw(all))
  if (chosen.size === 0) return [unshown('shards', 'no shard was run again')]
  const inOrder = [...chosen].toSorted((a, b) => a - b)
  told?.({ kind: 'drawn', shards: inOrder })
  const differing: number[] = []
  for (const shard of inOrder) {
    const { passes, grid } = question.plan
    if (passOf(grid, shard) >= passes.length && lastPass === undefined) {
      return [wrong('shards', 'answer.hub.replay.passes: the last pass is missing')]
    }
    const said = shards[shard]?.[0]
    if (said === undefined) throw new Error(`shard ${shard} of ${shards.length} was drawn`)
    const found = await auditShard(question, engine, shard, lastPass)
    told?.({ kind: 'ran', shard, found, listed: said })
    if (found !== said) differing.push(shard)
  }
  if (differing.length > 0) return [wrong('shards', `shards: ${listed(differing)}, run again, have other digests`)]
  const left = all - chosen.size
  return [
    proved(
      'shards',
      `${chosen.size} of ${all}, run again on ${engine.name}, have the same digests: ${listed(inOrder)}`,
    ),
    ...(left === 0 ? [] : [unshown('shards', `the other ${left} shards: the bound says how many may be wrong`)]),
  ]
}
