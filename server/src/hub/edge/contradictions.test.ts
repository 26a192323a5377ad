// A lie in one of two passes, through the real edge: an answer of the last pass contradicts its witness from the first, and
// the Hub finds out which of the two is wrong, although nothing else is checked.
import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import * as coreLimits from '../core/limits.ts'
import { tinyPartial, type TinyAgent } from './tiny-kernel.fixtures.ts'
import { alone, isLast, REFEREE_TOKEN, SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

const WAIT_MS = 300
/** Not of the literal type that each of them has. */
const limits: { readonly CHECKER_WAIT_MS: number } = coreLimits

let folder: string
let store: Store
let pool: TinyPool
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 120_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  pool = new TinyPool(store)
  await pool.start()
})
afterEach(() => pool.stop())

const contradicted = ({ replies }: TinyAgent): number[] =>
  replies.flatMap((reply) =>
    !reply.ok && reply.code === 'BAD_PARTIAL' && reply.message.includes('contradicts the first pass')
      ? [Number(/^Shard (\d+):/.exec(reply.message)?.[1])]
      : [],
  )

describe('a lie in the first pass of a job without checks', () => {
  /** The liar has done the first pass, and is gone when the last one begins. */
  const lied = async (): Promise<JobId> => {
    const lie = (shard: number, partial: Uint8Array): Uint8Array => (shard === 2 ? tinyPartial(0, 0) : partial)
    const liar = pool.agent({ lie, holds: isLast })
    const id = await pool.submit()
    await vi.waitFor(() => expect(liar.assigned.some(isLast)).toBe(true), 10_000)
    liar.close()
    return id
  }
  const exposures = async (id: JobId): Promise<number> =>
    (await store.quarantines()).filter(({ reason }) => reason.startsWith(`job ${id}: shard 2 `)).length

  test('is found out by an honest answer of the last pass and the referee', async () => {
    const id = await lied()
    const referee = pool.agent({ token: REFEREE_TOKEN })
    const honest = pool.agent()
    expect(await pool.ended(id)).toMatchObject({ answer: null, code: 'VERIFICATION_FAILED' })
    expect(contradicted(honest)).toEqual([SHARDS + 2])
    expect(referee.assigned.map(({ shards }) => shards)).toEqual([[2]])
    expect(await exposures(id)).toBe(1)
  })

  test('is found out by the referee alone', async () => {
    const id = await lied()
    const honest = pool.agent({ holds: ({ shards }) => shards.includes(2) })
    await vi.waitFor(() => expect(contradicted(honest)).toEqual([SHARDS + 2]), 10_000)
    honest.close()
    pool.agent({ token: REFEREE_TOKEN })
    expect(await pool.ended(id)).toMatchObject({ answer: null, code: 'VERIFICATION_FAILED' })
    expect(await exposures(id)).toBe(1)
  })

  test('without a referee the job ends after the wait for one, and nobody is blamed', async () => {
    // Much shorter than a job's time, so that it is told whether the wait was what ended it.
    const wait = vi.spyOn(limits, 'CHECKER_WAIT_MS', 'get').mockReturnValue(WAIT_MS)
    onTestFinished(() => wait.mockRestore())
    const id = await lied()
    const honest = pool.agent()
    const began = performance.now()
    expect(await pool.ended(id)).toMatchObject({
      answer: null,
      code: 'VERIFICATION_FAILED',
      detail: expect.stringContaining('contradicts shard 2 of the first one'),
    })
    expect(performance.now() - began).toBeGreaterThan(WAIT_MS)
    expect(performance.now() - began).toBeLessThan(30_000)
    expect(contradicted(honest)).toEqual([SHARDS + 2])
    expect(await exposures(id)).toBe(0)
  })
})

test('a lie in the last pass: each contradicted shard of the first is checked once, and the answer is right', async () => {
  const liar = pool.agent({ lie: (_, partial, program) => (program === 'tail' ? tinyPartial(1, 0) : partial) })
  const id = await pool.submit()
  // Alone at first, so that it is asked for the last pass whoever is quicker.
  await vi.waitFor(() => expect(contradicted(liar)).not.toEqual([]), 10_000)
  const honest = pool.agent()
  const { answer } = await pool.ended(id)
  const assigned = [liar, honest].flatMap((agent) => agent.assigned)
  const launches = [assigned.find((one) => !isLast(one)), assigned.find(isLast)].filter((one) => one !== undefined)
  expect(answer?.hub.output).toEqual(alone(launches).output)
  const doubted = contradicted(liar).map((shard) => shard - SHARDS)
  expect(doubted).not.toEqual([])
  expect(contradicted(honest)).toEqual([])
  const checks = (await store.submissions(id)).filter(({ role }) => role === 'check').map(({ shard }) => shard)
  expect(checks.toSorted()).toEqual(doubted.toSorted())
})
