// Bit for bit the same output, digest and root, whoever computes: tabs on WASM, tabs on WebGPU (a software adapter), both
// together, Node agents, the reference; one, two or three of them, under every verification. same-bits.slow.ts has the
// whole product of these, and the founding size.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Policy } from '@forge/shared/contract/envelope.ts'
import { expectSameBits } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser, type Tab, type TabOptions } from './support/tabs.ts'

let browser: OpenBrowser
let pool: Pool

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool({ FORGE_REFEREE: 'on' })])
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

interface Story {
  readonly who: string
  readonly tabs?: readonly TabOptions[]
  readonly nodes?: readonly ('wasm' | 'reference')[]
  readonly policy: Partial<Policy>
  /** Engines that must have taken part. */
  readonly engines: readonly string[]
}

const wasm: TabOptions = { engine: 'wasm' }
const webgpu: TabOptions = { engine: 'webgpu' }

const stories: readonly Story[] = [
  { who: 'one WASM tab', tabs: [wasm], policy: { max_agents: 1, verify: 'none' }, engines: ['wasm'] },
  {
    who: 'three WASM tabs',
    tabs: [wasm, wasm, wasm],
    policy: { min_agents: 3, max_agents: 7, verify: 'spotcheck' },
    engines: ['wasm'],
  },
  {
    who: 'one WebGPU tab',
    tabs: [webgpu],
    policy: { target: 'gpu', max_agents: 1, verify: 'none' },
    engines: ['webgpu'],
  },
  {
    who: 'a WASM and a WebGPU tab that check each other',
    tabs: [wasm, webgpu],
    policy: { target: 'any', min_agents: 2, max_agents: 50, verify: 'full' },
    engines: ['wasm', 'webgpu'],
  },
  {
    who: 'all kinds together',
    tabs: [wasm, webgpu],
    nodes: ['wasm', 'reference'],
    policy: { target: 'any', min_agents: 4, max_agents: 50, verify: 'spotcheck', spotcheck_rate: 1 },
    engines: ['reference', 'wasm', 'webgpu'],
  },
  {
    who: 'two Node agents, one of them at a time',
    nodes: ['wasm', 'wasm'],
    policy: { max_agents: 1, verify: 'full' },
    engines: ['wasm'],
  },
  {
    who: 'the reference engine, admitted to any target',
    nodes: ['reference'],
    policy: { target: 'gpu', max_agents: 7, verify: 'none' },
    engines: ['reference'],
  },
]

/** A WebGPU tab compiles its shaders and tests itself for seconds: it stays while the stories have one. */
let staying: readonly Tab[] = []

test.each(stories)('$who', async ({ tabs = [], nodes = [], policy, engines }) => {
  if (!tabs.includes(webgpu)) staying = []
  await pool.empty(...staying)
  const missing = tabs.filter((tab) => tab !== webgpu || staying.length === 0)
  const agents = nodes.map((engine) => ({ engine }))
  const [joined] = await Promise.all([pool.tabs(browser, ...missing), pool.agents(...agents)])
  staying = [...staying, ...joined.filter((_, index) => missing[index] === webgpu)]
  const contract = smallContract({ policy })
  const answer = await pool.client.run(contract)
  expectSameBits(answer, await expectedOf(contract))
  const { metrics, verification } = answer.hub
  expect(metrics.engines).toEqual(expect.arrayContaining([...engines]))
  expect(verification).toMatchObject({ mode: contract.policy.verify, status: 'clean', mismatches: 0, voided: 0 })
  if (contract.policy.verify === 'full') expect(verification.checked).toBe(metrics.shards)
  if (contract.policy.verify === 'none') expect(verification.checked).toBe(0)
})

test('another seed gives other bits, and again its own', async () => {
  await pool.empty()
  await pool.agents({ engine: 'wasm' })
  const policy = { verify: 'none' } as const
  const [one, other] = [smallContract({ policy }), smallContract({ policy, seed: 'ROOT_SEED_002' })]
  const answer = await pool.client.run(other)
  expectSameBits(answer, await expectedOf(other, 'wasm'))
  expect(answer.hub.replay.output_digest).not.toBe((await expectedOf(one)).outputDigest)
})

test('a tab is closed in the middle: the other runs its shards, and nothing shows', async () => {
  await pool.empty()
  const [leaving] = await pool.tabs(browser, wasm, wasm)
  const contract = smallContract({ policy: { min_agents: 2, verify: 'none' }, args: { iterations: 60_000_003 } })
  // It is given shards and answers none: else closing it, which takes a browser a while, would be a race with the job.
  await leaving?.hang()
  const id = await pool.client.begin(contract)
  await pool.client.until(id, ({ progress }) => progress?.agents_now === 2 && progress.answered > 0)
  await leaving?.close()
  const answer = await pool.client.result(id)
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
  expect(answer.hub.metrics.agents_used).toBe(1)
})
