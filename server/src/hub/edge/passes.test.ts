// A job of two passes through the real edge: sockets, store and reduction, with a tiny kernel in the real one's place.
// The last pass runs what follows from the first one, a partial that contradicts it is refused, and a restart goes on.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ulid } from 'ulid'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Kernel } from '@forge/shared/kernels/kernel.ts'
import { createReducer } from '@forge/shared/reducer/reduce.ts'
import { freshDataDir } from '../../../../scripts/machine/fresh-store.ts'
import { createLogger } from '../../logger.ts'
import { openStore } from '../../store/open-store.ts'
import type { Store } from '../../store/store.ts'
import { aJob } from '../../store/store.fixtures.ts'
import type { StoredAnswer } from './hub-interface.ts'
import { startHub, type RunningHub } from './hub.ts'
import { TinyAgent, tinyKernel, tinyPartial } from './tiny-kernel.fixtures.ts'

vi.mock('@forge/shared/kernels/registry.gen.ts', async () => {
  const { tinyKernel: kernel } = await import('./tiny-kernel.fixtures.ts')
  const kernelName = () => 'mc/1/insurance.v1'
  return { kernelName, kernels: new Map([[kernelName(), kernel]]) }
})
vi.mock('@forge/shared/kernels/artifacts.gen.ts', async () => {
  const { tinyKernel: kernel } = await import('./tiny-kernel.fixtures.ts')
  return { artifacts: [{ name: 'mc/1/insurance.v1', kernelDigest: kernel.digest, programs: [], knownAnswers: [] }] }
})

const SHARDS = 7
const kernel = tinyKernel as unknown as Kernel

class Pool {
  readonly store: Store
  hub!: RunningHub
  url = ''
  readonly agents: TinyAgent[] = []
  #http = createServer()

  constructor(store: Store) {
    this.store = store
  }

  async start(): Promise<void> {
    this.#http = createServer()
    const config = { referee: false, distinctNetwork: false, publicUrl: null }
    const { store } = this
    this.hub = await startHub({ store, logger: createLogger('silent'), config, http: this.#http, refereeToken: null })
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
    this.url = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** As a restart: agents, sockets and the Hub's memory are gone, the store stays. */
  async stop(): Promise<void> {
    for (const agent of this.agents.splice(0)) agent.close()
    await this.hub.close()
    this.#http.close()
  }

  agent(...options: ConstructorParameters<typeof TinyAgent> extends [string, ...infer O] ? O : never): TinyAgent {
    const agent = new TinyAgent(this.url, ...options)
    this.agents.push(agent)
    return agent
  }

  async submit(args: object = { shards: SHARDS }): Promise<JobId> {
    const request = {
      ctx: { billing: { mode: 'billable' } },
      op: { name: 'mc', version: 1, profile: 'insurance.v1' },
      seed: { mode: 'explicit', value: 'seed' },
      policy: {
        target: 'any',
        min_agents: 1,
        max_agents: 50,
        verify: 'none',
        timeout_ms: 60_000,
        spotcheck_rate: 0.1,
        on_unverified: 'degrade',
      },
      args,
    }
    const job = aJob(await this.store.defaultProject(), {
      request: JSON.stringify(request),
      kernelDigest: tinyKernel.digest,
      createdAtMs: Date.now(),
      deadlineAtMs: Date.now() + 60_000,
      clientJobId: ulid(),
    })
    await this.hub.submit(job)
    return job.id
  }

  async ended(id: JobId): Promise<{ answer: StoredAnswer | null; code: string | undefined; detail: string }> {
    await this.hub.ended(id, 15_000)
    const row = await this.store.job(id)
    const answer = row?.answer ?? null
    return {
      answer: answer === null ? null : JSON.parse(answer),
      code: row?.problem?.code,
      detail: row?.problem?.detail ?? '',
    }
  }
}

let folder: string
let store: Store
let pool: Pool
beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, 120_000)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  pool = new Pool(store)
  await pool.start()
})
afterEach(() => pool.stop())

/** Every shard, one after another, from what an agent was told. */
function alone(launches: readonly { program: string; constants: readonly number[] }[]) {
  const args = { shards: SHARDS, twice: true }
  const plan = tinyKernel.plan(args)
  const reducer = createReducer(kernel, args, plan)
  for (let shard = 0; shard < 2 * SHARDS; shard++) {
    const said = launches[Math.floor(shard / SHARDS)]
    if (said === undefined) throw new Error('a pass was never assigned')
    const launch = { program: said.program, constants: Uint32Array.from(said.constants), tables: {} }
    const firstUnit = BigInt((shard % SHARDS) * 10)
    const units = shard % SHARDS === SHARDS - 1 ? 7 : 10
    reducer.add(shard, tinyKernel.reference(launch, { shard, firstUnit, units }))
  }
  return { ...reducer.finish(), last: reducer.lastPass() }
}

const isLast = ({ shards }: { shards: readonly number[] }): boolean => shards.some((shard) => shard >= SHARDS)

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
    await pool.store.writeShards({ submissions: [], partials: [], verdicts: [], voids, quarantines: [] })
    await pool.start()
    pool.agent()
    expect(await pool.ended(id)).toMatchObject({
      answer: null,
      code: 'VERIFICATION_FAILED',
      detail: expect.stringContaining('may be sent again'),
    })
  })
})
