// Laws of reducing a job of several passes: the last one is planned from the total of the others, in whatever order they
// came; its shards are held against the first pass's shards of the same years, before or after those were all there, and
// from kept bytes or from bytes given again.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { artifacts } from '../kernels/artifacts.gen.ts'
import { PartialError } from '../kernels/kernel.ts'
import { computeAll, planQuestion, type Computed, type PlannedQuestion } from '../verifier/audit.ts'
import { createReducer, type Reducer } from './reduce.ts'

const op = { name: 'mc', version: 1, profile: 'insurance.v1' }
/** Four shards a pass: losses, greatest events, and the tail. */
const sent = {
  iterations: 60_000,
  claim_freq: 15,
  claim_severity_mu: 6,
  claim_severity_sig: 1,
  quantiles: [0.5, 0.99],
  oep: true,
}
const [SHARDS, ALL] = [4, 12]
const first = Array.from({ length: SHARDS }, (_, shard) => shard)
const planned = Array.from({ length: 2 * SHARDS }, (_, shard) => shard)
const last = Array.from({ length: SHARDS }, (_, i) => 2 * SHARDS + i)

let question: PlannedQuestion
let job: Computed
beforeAll(async () => {
  question = planQuestion({ op, args: sent, rootSeed: 'passes' })
  job = await computeAll(question, createWasmEngine(artifacts))
}, 60_000)

const reducer = (rereads = false): Reducer => createReducer(question.kernel, question.args, question.plan, { rereads })
const partial = (shard: number): Uint8Array => {
  const found = job.partials[shard]
  if (found === undefined) throw new RangeError(`the job has no shard ${shard}`)
  return found
}
const give = (to: Reducer, shards: readonly number[]): Reducer => {
  for (const shard of shards) to.add(shard, partial(shard))
  return to
}
const reduction = ({ output, outputDigest, merkleRoot }: Computed): object => ({ output, outputDigest, merkleRoot })

describe('a job of three passes', () => {
  it('is reduced to the same in every order, shards of the last pass among the others', () => {
    expect(job.partials).toHaveLength(ALL)
    fc.assert(
      fc.property(fc.shuffledSubarray([...planned, ...last], { minLength: ALL }), (order) => {
        const adding = give(reducer(), order)
        expect(adding.finish()).toEqual(reduction(job))
        expect(adding.lastPass()).toEqual(job.passes[2])
      }),
      { numRuns: 15 },
    )
  })

  it('plans its last pass from the total alone: the same bins from any order, and after its own shards came', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(planned, { minLength: 2 * SHARDS }), fc.nat(SHARDS), (order, own) => {
        const adding = give(reducer(), order)
        const before = adding.lastPass()
        expect(before).toEqual(job.passes[2])
        give(adding, last.slice(0, own))
        expect(adding.lastPass()).toEqual(before)
      }),
      { numRuns: 10 },
    )
  })

  it('does not plan it before, and not for a contract that asks for none', () => {
    for (const gap of planned) {
      const shards = planned.filter((shard) => shard !== gap)
      expect(() => give(reducer(), shards).lastPass()).toThrow('1 shards are missing before the last pass')
      expect(() => give(reducer(), shards).refinement()).toThrow('1 shards are missing before the last pass')
    }
    const { kernel, args, plan } = planQuestion({
      op,
      args: { ...sent, quantiles: false, oep: false },
      rootSeed: 'one',
    })
    expect(() => createReducer(kernel, args, plan).lastPass()).toThrow('no pass that follows')
  })

  it('names what each shard of the last pass must agree with, in their order', () => {
    const inOrder = give(reducer(), planned).refinement()
    expect(inOrder.witnesses).toHaveLength(SHARDS)
    expect(give(reducer(), planned.toReversed()).refinement()).toEqual(inOrder)
    expect(new Set(inOrder.witnesses.map(String)).size).toBe(SHARDS)
  })

  it('ends only when all are there', () => {
    for (const gap of [0, 5, 8, 11]) {
      const adding = give(
        reducer(),
        [...planned, ...last].filter((shard) => shard !== gap),
      )
      expect(() => adding.finish()).toThrow('1 of 12 shards are missing')
      expect(give(adding, [gap]).finish()).toEqual(reduction(job))
    }
  })
})

describe('a shard of the last pass is refused, without a trace', () => {
  it('where the first pass says otherwise of its years: another shard of its own pass', () => {
    const adding = give(reducer(), planned)
    // The last shard is shorter; the others stand for one another in everything but the witness.
    expect(() => adding.add(8, partial(9))).toThrow('contradicts what the first pass found')
    expect(() => adding.add(8, partial(9))).toThrow(PartialError)
    expect(() => adding.add(8, partial(0))).toThrow(PartialError)
    expect(() => adding.add(8, partial(8).with(8, (partial(8)[8] ?? 0) ^ 1))).toThrow('contradicts')
    expect(give(adding, last).finish()).toEqual(reduction(job))
  })

  it('at the end, where it came before what would have told', () => {
    const adding = reducer()
    adding.add(8, partial(9))
    give(adding, [...planned, 9, 10, 11])
    expect(() => adding.finish()).toThrow('contradicts what the first pass found')
  })

  it('twice', () => {
    const adding = give(reducer(), [8, ...planned, 9])
    for (const shard of [8, 9]) expect(() => adding.add(shard, partial(shard))).toThrow(`shard ${shard} is added twice`)
  })
})

describe('a reducer that rereads', () => {
  it('ends in the same, from the first pass given again in any order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(planned, { minLength: 2 * SHARDS }),
        fc.shuffledSubarray(first, { minLength: SHARDS }),
        (order, again) => {
          const adding = give(reducer(true), order)
          for (const shard of again) adding.witness(shard, partial(shard))
          expect(adding.refinement()).toEqual(give(reducer(), planned).refinement())
          expect(give(adding, last).finish()).toEqual(reduction(job))
        },
      ),
      { numRuns: 10 },
    )
  })

  it('waits for each of them, and takes the right bytes of the first pass alone', () => {
    const adding = give(reducer(true), planned)
    expect(() => adding.refinement()).toThrow('4 witnesses of the last pass are missing')
    expect(() => adding.add(8, partial(8))).toThrow('shard 8 has no witness of the first pass')
    expect(() => adding.witness(0, partial(1))).toThrow('shard 0 has other bytes than before')
    expect(() => adding.witness(4, partial(4))).toThrow('shard 4 is not of the first pass')
    for (const shard of [0, 1, 2]) adding.witness(shard, partial(shard))
    expect(() => adding.refinement()).toThrow('1 witnesses of the last pass are missing')
    expect(() => reducer(true).witness(0, partial(0))).toThrow('8 shards are missing')
    adding.witness(3, partial(3))
    expect(give(adding, last).finish()).toEqual(reduction(job))
  })
})
