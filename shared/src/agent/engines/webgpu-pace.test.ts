// The laws of a dispatch: every unit of a run once, in order, within the slots and the workgroups that there are.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ShardRange } from '../../kernels/kernel.ts'
import { HARDWARE, Pace, planDispatch, SOFTWARE, WORKGROUPS_MAX, type Cursor } from './webgpu-pace.ts'

const SLOTS = 8
const WORKGROUP_UNITS = 4096

const runs = fc.array(fc.tuple(fc.bigInt(0n, 2n ** 34n), fc.integer({ min: 1, max: 100_000 })), { maxLength: 20 })

it('draws every unit of every shard once, each shard in its slot', () => {
  const budgets = fc.array(fc.integer({ min: 9000, max: 2 ** 20 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(runs, budgets, fc.constantFrom(HARDWARE, SOFTWARE), (sizes, unitsMax, shape) => {
      const shards: ShardRange[] = sizes.map(([firstUnit, units], shard) => ({ shard, firstUnit, units }))
      const reached = shards.map(() => 0)
      let at: Cursor = { index: 0, units: 0 }
      for (let turn = 0; at.index < shards.length; turn++) {
        const budget = unitsMax[turn % unitsMax.length] ?? 1
        const until = at.index + SLOTS
        const limits = { units: budget, until, slots: SLOTS, unitsPerWorkgroupMax: WORKGROUP_UNITS }
        const dispatch = planDispatch(shards, at, limits, shape)
        expect(dispatch.units).toBeGreaterThan(0)
        expect(dispatch.units).toBeLessThanOrEqual(budget)
        expect(dispatch.workgroups.length / 4).toBeLessThanOrEqual(WORKGROUPS_MAX)
        expect(dispatch.next.index - at.index).toBeLessThanOrEqual(SLOTS)
        const before = [...reached]
        let index = at.index
        for (let i = 0; i < dispatch.workgroups.length; i += 4) {
          const [low = 0, high = 0, units = 0, slot] = dispatch.workgroups.subarray(i, i + 4)
          if (reached[index] === shards[index]?.units) index++
          const done = reached[index] ?? 0
          expect((BigInt(high) << 32n) | BigInt(low)).toBe((shards[index]?.firstUnit ?? 0n) + BigInt(done))
          expect(slot).toBe(index % SLOTS)
          expect(units).toBeLessThanOrEqual(WORKGROUP_UNITS)
          reached[index] = done + units
        }
        expect(dispatch.begun).toEqual(reached.flatMap((units, i) => (units > 0 && before[i] === 0 ? [i] : [])))
        expect(dispatch.ended).toEqual(
          shards.flatMap((shard, i) => (i >= at.index && reached[i] === shard.units ? [i] : [])),
        )
        at = dispatch.next
      }
      expect(reached).toEqual(shards.map(({ units }) => units))
    }),
  )
})

it('approaches the wanted time on any device, and stays short after a first measurement', () => {
  const speeds = fc.double({ min: 1e2, max: 1e9, noNaN: true })
  fc.assert(
    fc.property(speeds, fc.double({ min: 0, max: 5, noNaN: true }), (unitsPerSecond, overheadMs) => {
      const pace = new Pace()
      const msOf = (units: number): number => overheadMs + (units * 1000) / unitsPerSecond
      pace.measured(pace.units, msOf(pace.units))
      for (let i = 0; i < 20; i++) {
        expect(msOf(pace.units)).toBeLessThan(100)
        pace.measured(pace.units, msOf(pace.units))
      }
      if (pace.units < 2 ** 26 && pace.units > 1) expect(msOf(pace.units)).toBeGreaterThan(25)
    }),
  )
})

it('does not take a short last dispatch for a slow device', () => {
  const pace = new Pace()
  pace.measured(256, 5)
  const before = pace.units
  pace.measured(3, 5)
  expect(pace.units).toBe(before)
})

it('spreads the last shards of a run over the whole device', () => {
  const limits = { units: 2 ** 26, until: 1, slots: SLOTS, unitsPerWorkgroupMax: 16_384 }
  const last = [{ shard: 0, firstUnit: 0n, units: 2 ** 17 }]
  expect(planDispatch(last, { index: 0, units: 0 }, limits, HARDWARE).workgroups.length / 4).toBe(2 ** 17 / 256)
})

it('aims at half the time after a loss', () => {
  const settled = (pace: Pace): number => {
    for (let i = 0; i < 20; i++) pace.measured(pace.units, pace.units / 1000)
    return pace.units
  }
  const pace = new Pace()
  expect(settled(pace)).toBe(50_000)
  pace.halve()
  expect(pace.units).toBe(25_000)
  expect(settled(pace)).toBe(25_000)
  expect(settled(new Pace(2))).toBe(12_500)
})
