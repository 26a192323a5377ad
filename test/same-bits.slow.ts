// The whole product of who computes, how many may, how it is verified and where it is kept: every cell gives the bits of
// the reference. The fast stories tell a few of these cells; here are all of them, on both stores, and the founding size.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type Postgres } from '../scripts/machine/postgres.ts'
import { expectSameBits } from './support/client.ts'
import { FOUNDING, smallContract, type Contract } from './support/contract.ts'
import { eventually } from './support/eventually.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser, type TabOptions } from './support/tabs.ts'

const wasm: TabOptions = { engine: 'wasm' }
const webgpu: TabOptions = { engine: 'webgpu' }

interface Crew {
  readonly who: string
  readonly tabs: readonly TabOptions[]
  readonly nodes: readonly ('wasm' | 'reference')[]
  readonly target: 'cpu' | 'gpu' | 'any'
  /** What this crew computes on; the referee adds WASM. */
  readonly engines: readonly string[]
}

const crews: readonly Crew[] = [
  { who: 'one WASM tab', tabs: [wasm], nodes: [], target: 'cpu', engines: ['wasm'] },
  { who: 'three WASM tabs', tabs: [wasm, wasm, wasm], nodes: [], target: 'cpu', engines: ['wasm'] },
  { who: 'one WebGPU tab', tabs: [webgpu], nodes: [], target: 'gpu', engines: ['webgpu'] },
  { who: 'three WebGPU tabs', tabs: [webgpu, webgpu, webgpu], nodes: [], target: 'gpu', engines: ['webgpu'] },
  { who: 'tabs of both kinds', tabs: [wasm, webgpu, wasm], nodes: [], target: 'any', engines: ['wasm', 'webgpu'] },
  { who: 'three Node agents', tabs: [], nodes: ['wasm', 'wasm', 'wasm'], target: 'cpu', engines: ['wasm'] },
  { who: 'the reference', tabs: [], nodes: ['reference'], target: 'gpu', engines: ['reference'] },
]

const policies = ([1, 7, 50] as const).flatMap((max_agents) =>
  (['none', 'spotcheck', 'full'] as const).map((verify) => ({ max_agents, verify })),
)

const MINUTES = 60_000

let browser: OpenBrowser
let postgres: Postgres
beforeAll(async () => {
  ;[browser, postgres] = await Promise.all([openBrowser(), startPostgres()])
})
afterAll(async () => {
  await browser?.close()
  await postgres?.stop()
})

describe.each(['PGlite', 'Postgres'] as const)('on %s', (kept) => {
  let pool: Pool
  beforeAll(async () => {
    pool = await startPool({ FORGE_REFEREE: 'on', ...(kept === 'Postgres' ? { DATABASE_URL: postgres.url } : {}) })
  })
  afterAll(() => pool?.close())

  describe.each(crews)('$who', ({ tabs, nodes, target, engines }) => {
    beforeAll(async () => {
      await pool.tabs(browser, ...tabs)
      await pool.agents(...nodes.map((engine) => ({ engine })))
    })
    afterAll(() => pool?.empty())

    test.each(policies)('max_agents $max_agents, verify $verify', { timeout: 2 * MINUTES }, async (policy) => {
      const contract = smallContract({ policy: { ...policy, target } })
      const answer = await pool.client.run(contract)
      expectSameBits(answer, await expectedOf(contract))
      const { metrics, verification } = answer.hub
      expect(verification).toMatchObject({ mode: policy.verify, status: 'clean', mismatches: 0, voided: 0 })
      expect(verification.checked).toBeGreaterThanOrEqual(
        { none: 0, spotcheck: 3, full: metrics.shards }[policy.verify],
      )
      // Nobody outside the crew and the referee computed.
      expect([...engines, 'wasm']).toEqual(expect.arrayContaining([...metrics.engines]))
    })
  })

  test('a WebGPU tab is closed in the middle of a checked job', { timeout: 2 * MINUTES }, async () => {
    const [leaving] = await pool.tabs(browser, webgpu, webgpu)
    const contract = smallContract({
      policy: { target: 'gpu', min_agents: 2, verify: 'full' },
      args: { iterations: 4 * 2 ** 20 + 3 },
    })
    const id = await pool.client.begin(contract)
    await pool.client.until(id, ({ progress }) => progress?.agents_now === 2 && progress.answered > 0)
    await leaving?.close()
    await eventually(
      'agents online',
      () => pool.server.hub.agentsOnline,
      (agents) => agents === 1,
    )
    expect((await pool.client.job(id)).progress?.accepted).toBeLessThan((await expectedOf(contract, 'wasm')).shards)
    // The one that stays cannot check itself: the referee does.
    expectSameBits(await pool.client.result(id), await expectedOf(contract, 'wasm'))
    await pool.empty()
  })
})

describe('the founding size', () => {
  let pool: Pool
  const none = (target: 'cpu' | 'gpu'): Contract => ({
    ...FOUNDING,
    ctx: {},
    policy: { ...FOUNDING.policy, target, verify: 'none' },
  })
  beforeAll(async () => {
    pool = await startPool()
  })
  afterAll(() => pool?.close())

  test.each([
    ['two WASM tabs', [wasm, wasm], 'cpu'],
    ['two WebGPU tabs', [webgpu, webgpu], 'gpu'],
  ] as const)('on %s: the bits of the reference', { timeout: 5 * MINUTES }, async (_, tabs, target) => {
    await pool.tabs(browser, ...tabs)
    const id = await pool.client.begin(none(target))
    const answer = await pool.client.result(id)
    expectSameBits(answer, await expectedOf(FOUNDING))
    await pool.empty()
  })

  test('on an agent with the reference engine', { timeout: 5 * MINUTES }, async () => {
    await pool.agents({ engine: 'reference' })
    expectSameBits(await pool.client.run(none('cpu')), await expectedOf(FOUNDING))
    await pool.empty()
  })
})

test('the first shard of a tab that has just opened is answered within two seconds', async () => {
  const pool = await startPool()
  try {
    // A pool that has run before, so that its tables are compiled; the tab is a new profile with an empty cache.
    await pool.agents({ engine: 'wasm' })
    await pool.client.run(smallContract({ policy: { verify: 'none' } }))
    await pool.empty()
    const id = await pool.client.begin(smallContract({ policy: { verify: 'none' } }))
    const page = await (await browser.newContext()).newPage()
    const opened = performance.now()
    await page.goto(`${pool.url}/?autostart=1&preset=all&engine=wasm&threads=1`)
    const started = performance.now()
    await pool.client.until(id, ({ status, progress }) => status === 'COMPLETED' || (progress?.answered ?? 0) > 0)
    const [sinceOpened, sinceLoaded] = [opened, started].map((from) => Math.round(performance.now() - from))
    console.log(`first shard: ${sinceOpened} ms after the tab was opened, ${sinceLoaded} ms after its page had loaded`)
    expect(sinceOpened).toBeLessThan(2_000)
    await page.context().close()
  } finally {
    await pool.close()
  }
})
