// The answer of a completed job, made again from its stored contract and partials: what it says of its digests and its
// output must be what comes out.
import { z } from 'zod'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { shardsOf } from '@forge/shared/kernels/kernel.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { KernelMissing, planOf } from '../hub/edge/planning.ts'
import { reductionOf } from '../hub/edge/reduction.ts'
import type { JobRow, Store } from '../store/store.ts'
import { recordSchema } from './check-record.ts'

const answerSchema = z.looseObject({
  hub: z.looseObject({
    output: z.looseObject({}),
    replay: z.looseObject({
      root_seed: z.string(),
      contract_digest: z.string(),
      kernel_digest: z.string(),
      plan_digest: z.string(),
      merkle_root: z.string(),
      output_digest: z.string(),
    }),
    verification: recordSchema,
  }),
  billing: z.looseObject({ credits: z.number(), eur: z.number() }),
})
export type CheckedAnswer = z.infer<typeof answerSchema>

/** Null when it cannot be read. */
export function answerOfRow({ answer }: JobRow): CheckedAnswer | null {
  try {
    return answerSchema.safeParse(JSON.parse(answer ?? '')).data ?? null
  } catch {
    return null
  }
}

export interface Again {
  readonly problems: string[]
  /** False when this version lacks the kernel: then there is nothing to compare with. */
  readonly isReduced: boolean
}

/** `isWhole`: every shard has its verdict and its partial, so that a reduction can be made. */
export async function checkAnswer(
  job: JobRow,
  { hub }: CheckedAnswer,
  store: Pick<Store, 'acceptedPartials'>,
  isWhole: boolean,
): Promise<Again> {
  const { replay } = hub
  const problems = [
    ...differs('root_seed', replay.root_seed, job.rootSeed),
    ...differs('contract_digest', replay.contract_digest, job.contractDigest),
    ...differs('kernel_digest', replay.kernel_digest, job.kernelDigest),
    ...differs('plan_digest', replay.plan_digest, job.planDigest ?? ''),
  ]
  try {
    const planned = planOf(job)
    const { kernel, args, plan, contract } = planned
    if (contractDigest(kernel, args, job.rootSeed, contract.references) !== job.contractDigest) {
      problems.push('its contract_digest is not that of its stored request and seed')
    }
    if (shardsOf(plan.grid) !== hub.verification.shards) {
      problems.push(`its contract has ${shardsOf(plan.grid)} shards, its record ${hub.verification.shards}`)
    }
    if (!isWhole) return { problems, isReduced: false }
    const { output, outputDigest } = await reductionOf(planned, store)
    problems.push(...differs('output_digest', replay.output_digest, outputDigest, 'its partials, reduced again, give'))
    if (canonicalJson(hub.output) !== canonicalJson(output)) problems.push('its output is not that of its partials')
    return { problems, isReduced: true }
  } catch (error) {
    if (!(error instanceof KernelMissing)) problems.push(`it cannot be reduced again: ${String(error)}`)
    return { problems, isReduced: false }
  }
}

function differs(name: string, answered: string, is: string, who = 'its row has'): string[] {
  return answered === is ? [] : [`its answer says ${name} ${answered}, ${who} ${is}`]
}
