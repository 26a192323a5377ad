// Bit for bit the same output, digest and root, whoever computes: tabs on WASM, tabs on WebGPU (a software adapter), both
// together, Node agents, the reference; one, two or three of them, under every verification. same-bits.slow.ts has the
// whole product of these, and the founding size. Who is there already stays for the next story, so their order is that in
// which the fewest have to come.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Policy } from '@forge/shared/contract/envelope.ts'
import { testDistribution, testLastPass } from './distribution.case.ts'
import { expectSameBits } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { createCrew, type Crew, type Member } from './support/crew.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

let browser: OpenBrowser
let pool: Pool
let crew: Crew

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool({ FORGE_REFEREE: 'on' })])
  crew = createCrew(pool, browser)
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

interface Story {
  readonly who: string
  readonly crew: readonly Member[]
  readonly policy: Partial<Policy>
  readonly args?: { readonly iterations: number }
  /** Engines that must have taken part. */
  readonly engines: readonly string[]
}

const one: Story = {
  who: 'one WASM tab',
  crew: ['a WASM tab'],
  policy: { max_agents: 1, verify: 'none' },
  engines: ['wasm'],
}
const three: Story = {
  who: 'three WASM tabs',
  crew: ['a WASM tab', 'a WASM tab', 'a WASM tab'],
  policy: { min_agents: 3, max_agents: 7, verify: 'spotcheck' },
  engines: ['wasm'],
}
const bothKinds: Story = {
  who: 'a WASM and a WebGPU tab that check each other',
  crew: ['a WASM tab', 'a WebGPU tab'],
  policy: { target: 'any', min_agents: 2, max_agents: 50, verify: 'full' },
  engines: ['wasm', 'webgpu'],
}
const allKinds: Story = {
  who: 'all kinds together',
  crew: ['a WASM tab', 'a WebGPU tab', 'a WASM agent', 'a reference agent'],
  policy: { target: 'any', min_agents: 4, max_agents: 50, verify: 'spotcheck', spotcheck_rate: 1 },
  engines: ['reference', 'wasm', 'webgpu'],
}
const webgpuAlone: Story = {
  who: 'one WebGPU tab',
  crew: ['a WebGPU tab'],
  policy: { target: 'gpu', max_agents: 1, verify: 'none' },
  engines: ['webgpu'],
}
const twoNodes: Story = {
  who: 'two Node agents, one of them at a time',
  crew: ['a WASM agent', 'a WASM agent'],
  policy: { max_agents: 1, verify: 'full' },
  engines: ['wasm'],
}
const reference: Story = {
  who: 'the reference engine, admitted to any target',
  crew: ['a reference agent'],
  policy: { target: 'gpu', max_agents: 7, verify: 'none' },
  // It takes two seconds for a million years.
  args: { iterations: 300_007 },
  engines: ['reference'],
}

/** The first of them; the others, WebGPU by itself and agents that check each other without a tab among them, with FORGE_TEST_ALL=1. */
const told = (...stories: Story[]): Story[] => stories.slice(0, process.env['FORGE_TEST_ALL'] === '1' ? undefined : 1)

async function tell({ crew: wanted, policy, args, engines }: Story): Promise<void> {
  await crew.of(...wanted)
  const contract = smallContract({ policy, ...(args === undefined ? {} : { args }) })
  const answer = await pool.client.run(contract)
  expectSameBits(answer, await expectedOf(contract))
  const { metrics, verification } = answer.hub
  expect(metrics.engines).toEqual(expect.arrayContaining([...engines]))
  expect(verification).toMatchObject({ mode: contract.policy.verify, status: 'clean', mismatches: 0, voided: 0 })
  if (contract.policy.verify === 'full') expect(verification.checked).toBe(metrics.shards)
  if (contract.policy.verify === 'none') expect(verification.checked).toBe(0)
}

test.each(told(one, three))('$who', tell)

test('a tab is closed in the middle: the other runs its shards, and nothing shows', async () => {
  const [leaving] = await crew.of('a WASM tab', 'a WASM tab')
  const contract = smallContract({ policy: { min_agents: 2, verify: 'none' }, args: { iterations: 5_000_003 } })
  // It is given shards and answers none: else closing it, which takes a browser a while, would be a race with the job.
  // The other has soon answered all of its own.
  await leaving?.hang()
  const id = await pool.client.begin(contract)
  await pool.client.until(id, ({ progress }) => (progress?.answered ?? 0) > 0)
  await leaving?.close()
  const answer = await pool.client.result(id)
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
  expect(answer.hub.metrics.agents_used).toBe(1)
})

test.each([bothKinds])('$who', tell)

testDistribution(() => ({ pool, crew }))

test.each(told(allKinds, webgpuAlone, twoNodes))('$who', tell)

testLastPass(() => ({ pool, crew }))

test('another seed gives other bits, and again its own', async () => {
  await crew.of('a WASM agent')
  const policy = { verify: 'none' } as const
  const [own, other] = [smallContract({ policy }), smallContract({ policy, seed: 'ROOT_SEED_002' })]
  const answer = await pool.client.run(other)
  expectSameBits(answer, await expectedOf(other, 'wasm'))
  expect(answer.hub.replay.output_digest).not.toBe((await expectedOf(own)).outputDigest)
})

test.each([reference])('$who', tell)
