// A job of two passes through the real edge: sockets, store and reduction, with a tiny kernel in the real one's place.
// The last pass runs what follows from the first one, a partial that contradicts it is refused, and a restart goes on.
import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import { noWrites } from '../../store/store.fixtures.ts'
import { tinyPartial, type TinyAgent } from './tiny-kernel.fixtures.ts'
import { alone, isLast, SHARDS, TinyPool } from './tiny-pool.fixtures.ts'

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

describe('a job whose last pass is planned from the first', () => {
  test('runs both, each with its own launch, and says how to run each shard again', async () => {
    const agents = [pool.agent(), pool.agent()]
    const id = await pool.submit()
    const { answer } = await pool.ended(id)
    const assigned = agents.flatMap((agent) => agent.assigned)
    const [first, last] = [assigned.find((one) => !isLast(one)), assigned.find(isLast)]
    if (first === undefined || last === undefined || answer === null) throw new Error('a pass was never assigned')
    for (const { program, constants, shards, passes } of assigned) {
      expect(new Set(shards.map((shard) => shard >= SHARDS)).size, 'one pass an assignment').toBe(1)
      expect({ program, constants, passes }).toEqual({
        ...(isLast({ shards })
          ? { program: 'tail', constants: last.constants }
          : { program: 'sums', constants: first.constants }),
        passes: 2,
      })
    }
    const expected = alone([first, last])
    expect(last.constants[1]).toBe((expected.last.facts as { mean: number }).mean)
    expect(answer.hub.output).toEqual(expected.output)
    expect(answer.hub.metrics).toMatchObject({ shards: 2 * SHARDS, units: SHARDS * 10 - 3 })
    expect(answer.hub.replay).toMatchObject({
      output_digest: expected.outputDigest,
      merkle_root: expected.merkleRoot,
      passes: [
        { program: 'sums', facts: {}, first_shard: 0, shards: SHARDS },
        { program: 'tail', facts: expected.last.facts, first_shard: SHARDS, shards: SHARDS },
      ],
    })
    // 67 units of 10^7 draws, twice, at 42.75 credits for 10^9.
    expect(answer.billing.credits).toBe(57.29)
  })

  test('is billed and reported as before when it has one pass', async () => {
    pool.agent()
    const { answer } = await pool.ended(await pool.submit({ shards: SHARDS, twice: false }))
    expect(answer?.hub.replay).not.toHaveProperty('passes')
    expect(answer?.billing.credits).toBe(28.64)
  })

  test('refuses at once a partial that contradicts the first pass', async () => {
    const liar = pool.agent({ lie: (_, partial, program) => (program === 'tail' ? tinyPartial(1, 0) : partial) })
    const id = await pool.submit()
    await vi.waitFor(
      () => expect(liar.replies).toContainEqual(expect.objectContaining({ code: 'BAD_PARTIAL' })),
      10_000,
    )
    pool.agent()
    expect((await pool.ended(id)).answer?.hub.metrics.shards).toBe(2 * SHARDS)
  })
})

describe('after a restart in its last pass', () => {
  const begun = async (lie?: ConstructorParameters<typeof TinyAgent>[1]): Promise<JobId> => {
    let held = 0
    const agent = pool.agent({ ...lie, holds: (one) => isLast(one) && ++held > 1 })
    const id = await pool.submit()
    await vi.waitFor(async () => {
      expect((await pool.store.submissions(id)).some(({ shard }) => shard >= SHARDS)).toBe(true)
      expect(agent.replies.length).toBeGreaterThan(1)
    }, 10_000)
    return id
  }

  test('it is planned again and goes on', async () => {
    const id = await begun()
    await pool.stop()
    await pool.start()
    const agent = pool.agent()
    const { answer } = await pool.ended(id)
    expect(agent.assigned.every(isLast), 'the first pass is not run again').toBe(true)
    expect(answer?.hub.metrics.shards).toBe(2 * SHARDS)
  })

  test('an answer it rested on was taken back and is another now: it ends unbilled', async () => {
    const wrong: ConstructorParameters<typeof TinyAgent>[1] = {
      lie: (shard, partial) => (shard % SHARDS === 2 ? tinyPartial(0, 0) : partial),
    }
    const id = await begun(wrong)
    await pool.stop()
    const rows = await pool.store.submissions(id)
    const voids = rows
      .filter(({ shard }) => shard === 2)
      .map(({ jobId, shard, executor }) => ({ jobId, shard, executor, reason: 'a test' }))
    await pool.store.writeShards({ ...noWrites, voids })
    await pool.start()
    pool.agent()
    expect(await pool.ended(id)).toMatchObject({
      answer: null,
      code: 'VERIFICATION_FAILED',
      detail: expect.stringContaining('may be sent again'),
    })
  })
})
