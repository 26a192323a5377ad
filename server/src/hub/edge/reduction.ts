// A job's stored partials made into what follows from them: the last pass, and the answer's output. They are read in
// bounded batches and none is kept; between them the server has its turn, for a job may have tens of thousands.
import { setImmediate as turn } from 'node:timers/promises'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { createReducer, type Reducer, type Reduction, type Refinement } from '@forge/shared/reducer/reduce.ts'
import { shardsOf, type PassPlan } from '@forge/shared/kernels/kernel.ts'
import type { PartialRow, Store, VerdictRow } from '../../store/store.ts'
import type { FreshPartials } from './fresh-partials.ts'
import { TURN_MS } from './limits.ts'
import type { PlannedJob } from './planning.ts'

type Planned = Pick<PlannedJob, 'row' | 'kernel' | 'args' | 'plan'>

/**
 * The last pass, from the partials with these digests of the shards from 0 on; null once it is no longer wanted. Throws
 * when one of them is missing.
 */
export async function refinementOf(
  planned: Planned,
  digests: readonly Digest[],
  store: Pick<Store, 'partials'>,
  isWanted: () => boolean,
): Promise<Refinement | null> {
  const { row, plan } = planned
  const chosen = async function* (end: number): AsyncIterable<PartialRow> {
    for await (const partial of store.partials(row.id, 0, end)) {
      if (digests[partial.shard] === partial.digest) yield partial
    }
  }
  const reducer = reducerOf(planned)
  if (!(await each(chosen(digests.length), ({ shard, bytes }) => reducer.add(shard, bytes), isWanted))) return null
  return (await witnessed(reducer, chosen(plan.grid.shards), isWanted)) ? reducer.refinement() : null
}

/** All accepted partials; `passes` has the last one as it followed from the others. */
export async function reductionOf(
  planned: Planned,
  store: Pick<Store, 'acceptedPartials'>,
): Promise<Reduction & { readonly passes: readonly PassPlan[] }> {
  const { row, plan } = planned
  const accepted = (first: number, end: number): AsyncIterable<PartialRow> => store.acceptedPartials(row.id, first, end)
  const reducer = reducerOf(planned)
  const add = ({ shard, bytes }: PartialRow): void => reducer.add(shard, bytes)
  const first = plan.grid.shards * plan.passes.length
  await each(accepted(0, first), add)
  if (!plan.refines) return { ...reducer.finish(), passes: plan.passes }
  await witnessed(reducer, accepted(0, plan.grid.shards))
  await each(accepted(first, shardsOf(plan.grid)), add)
  return { ...reducer.finish(), passes: [...plan.passes, reducer.lastPass()] }
}

/** The accepted partials of a job whose verdicts are not in the store yet, from memory where they are all there. */
export function behindVerdicts(
  verdicts: readonly VerdictRow[],
  store: Pick<Store, 'partials'>,
  fresh: Pick<FreshPartials, 'behind'>,
): Pick<Store, 'acceptedPartials'> {
  const accepted = new Map(verdicts.map(({ shard, digest }) => [shard, digest]))
  return {
    async *acceptedPartials(jobId, first, end) {
      const wanted = verdicts.filter(({ shard }) => shard >= first && shard < end)
      const known = fresh.behind(jobId, wanted)
      if (known !== null) return yield* known
      let missing = wanted.length
      for await (const partial of store.partials(jobId, first, end)) {
        if (accepted.get(partial.shard) !== partial.digest) continue
        yield partial
        // Whether anything comes behind the last one would be another question to the store.
        if (--missing === 0) return
      }
    },
  }
}

const reducerOf = ({ kernel, args, plan }: Planned): Reducer => createReducer(kernel, args, plan, { rereads: true })

const witnessed = (reducer: Reducer, rows: AsyncIterable<PartialRow>, isWanted?: () => boolean): Promise<boolean> =>
  each(rows, ({ shard, bytes }) => reducer.witness(shard, bytes), isWanted)

/** False when it was given up. */
async function each(
  rows: AsyncIterable<PartialRow>,
  take: (row: PartialRow) => void,
  isWanted: () => boolean = () => true,
): Promise<boolean> {
  let began = performance.now()
  for await (const row of rows) {
    take(row)
    if (performance.now() - began < TURN_MS) continue
    await turn()
    if (!isWanted()) return false
    began = performance.now()
  }
  return isWanted()
}
