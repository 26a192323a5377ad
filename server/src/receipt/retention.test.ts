// Retention asks for what is due by the setting, batch by batch, and for nothing when it is off.
import type { JobId } from '@forge/shared/contract/ids.ts'
import { expect, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { dropOld, forgetOld, startRetention } from './retention.ts'

const DAY_MS = 86_400_000
const NOW_MS = 1_790_000_000_000

function storeOf(batches: readonly number[]) {
  const asked: number[] = []
  const dropPartials = async (endedBeforeMs: number): Promise<JobId[]> => {
    asked.push(endedBeforeMs)
    return Array.from({ length: batches[asked.length - 1] ?? 0 }, (_, n) => String(n) as JobId)
  }
  const forgotten: number[] = []
  const forgetNetworks = async (endedBeforeMs: number): Promise<JobId[]> => {
    forgotten.push(endedBeforeMs)
    return forgotten.length < 3 ? ['j' as JobId] : []
  }
  return { asked, forgotten, store: { dropPartials, forgetNetworks } }
}
const deps = (store: ReturnType<typeof storeOf>['store'], partialsDays: number | null) => ({
  store,
  logger: createLogger('silent'),
  clock: () => NOW_MS,
  partialsDays,
  networksDays: null,
})

test('it goes on until nothing is due', async () => {
  const { asked, store } = storeOf([16, 16, 3])
  expect(await dropOld(deps(store, 30), new AbortController().signal)).toBe(35)
  expect(asked).toEqual(Array.from({ length: 4 }, () => NOW_MS - 30 * DAY_MS))
})

test('it stops with the server, and is off without the setting', async () => {
  const { asked, store } = storeOf([16, 16, 16])
  expect(await dropOld(deps(store, 1), AbortSignal.abort())).toBe(16)
  expect(asked).toHaveLength(1)
  expect(await dropOld(deps(store, null), new AbortController().signal)).toBe(0)
  expect(asked).toHaveLength(1)
  const started = startRetention(deps(store, 1))
  await started.close()
  expect(asked).toHaveLength(2)
})

test('networks are forgotten by a setting of their own', async () => {
  const { asked, forgotten, store } = storeOf([])
  expect(await forgetOld({ ...deps(store, 1), networksDays: 7 }, new AbortController().signal)).toBe(2)
  expect(forgotten).toEqual([7, 7, 7].map((days) => NOW_MS - days * DAY_MS))
  expect(await forgetOld(deps(store, 1), new AbortController().signal)).toBe(0)
  expect(asked).toEqual([])
  const started = startRetention({ ...deps(store, null), networksDays: 7 })
  await started.close()
  expect(forgotten).toHaveLength(4)
})
