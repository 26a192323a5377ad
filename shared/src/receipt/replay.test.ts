// A replay is held against its original: the same bits are identical whatever else differs, and one figure that is not names
// itself with all that follows from it.
import { expect, test } from 'vitest'
import { compareReplay, type ReplayedAnswer } from './replay.ts'

const answer = (mean: number, outputDigest: string): ReplayedAnswer => ({
  hub: {
    output: { loss: { mean, quantiles: [{ p: 0.5, var: 1 }], aep: [1, 2] } },
    replay: {
      root_seed: 'seed',
      contract_digest: 'c',
      kernel_digest: 'k',
      merkle_root: outputDigest,
      output_digest: outputDigest,
    },
  },
})

test('the same bits are identical, -0 and all that is not compared left aside', () => {
  const replay = { ...answer(0, 'a'), billing: { credits: 7 }, warnings: ['x'] }
  expect(compareReplay(answer(-0, 'a'), replay)).toEqual({ identical: true })
})

test('what differs is named, with both values', () => {
  const other = answer(1.5, 'b')
  Reflect.set(other.hub.output, 'loss', { mean: 1.5, quantiles: [{ p: 0.5, var: 2 }], aep: [1] })
  expect(compareReplay(answer(1, 'a'), other)).toEqual({
    identical: false,
    differences: [
      { path: 'hub.replay.merkle_root', original: 'a', replay: 'b' },
      { path: 'hub.replay.output_digest', original: 'a', replay: 'b' },
      { path: 'hub.output.loss.aep.1', original: 2, replay: null },
      { path: 'hub.output.loss.mean', original: 1, replay: 1.5 },
      { path: 'hub.output.loss.quantiles.0.var', original: 1, replay: 2 },
    ],
    more: 0,
  })
})

test('of many differences the first are told, and how many there are more', () => {
  const of = (n: number): ReplayedAnswer => ({
    hub: { ...answer(1, 'a').hub, output: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, n])) },
  })
  expect(compareReplay(of(1), of(2))).toMatchObject({ identical: false, differences: { length: 50 }, more: 10 })
})
