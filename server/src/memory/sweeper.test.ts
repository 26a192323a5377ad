// The sweeper on a clock of the test's own: when it sweeps, how long it sleeps, what an error does, and that it ends.
import { expect, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { startSweeper, type SweeperDeps } from './sweeper.ts'

function started(change: Partial<SweeperDeps>) {
  const slept: number[] = []
  let wake = (): void => undefined
  let asleep = (): void => undefined
  const sweeper = startSweeper({
    sweep: async () => false,
    nextExpiry: async () => null,
    clock: () => 1_000_000,
    logger: createLogger('silent'),
    sleep: (ms, signal) => {
      slept.push(ms)
      asleep()
      return new Promise<void>((resolve, reject) => {
        wake = resolve
        signal.addEventListener('abort', () => reject(new Error('closed')), { once: true })
      })
    },
    ...change,
  })
  const untilAsleep = () => new Promise<void>((resolve) => void (asleep = resolve))
  return { sweeper, slept, untilAsleep, wake: () => wake() }
}

test('it sweeps until nothing is left, then sleeps until the next end, within bounds', async () => {
  const left = [true, true, false, false, false]
  const next = [1_005_000, 1_000_001, null]
  const world = started({ sweep: async () => left.shift() ?? false, nextExpiry: async () => next.shift() ?? null })
  for (const ms of [5_000, 1_000, 60_000]) {
    await world.untilAsleep()
    expect(world.slept.at(-1)).toBe(ms)
    world.wake()
  }
  await world.sweeper.close()
  expect(left).toEqual([])
})

test('an error is waited out', async () => {
  let failed = false
  const world = started({
    async sweep() {
      if (failed) return false
      failed = true
      throw new Error('the store is away')
    },
  })
  await world.untilAsleep()
  world.wake()
  await world.untilAsleep()
  expect(world.slept).toEqual([60_000, 60_000])
  await world.sweeper.close()
})
