// `pnpm agent --engine webgpu`, and auto, on the adapter in software that this machine has: it stands here and not beside
// the agent, because the adapter is the machine's.

import { startTestHub, type TestHub } from '@forge/agent-node/hub.case.ts'
import { startNodeAgent, type NodeAgent, type NodeAgentOptions } from '@forge/agent-node/node-agent.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { dawnGpu } from './dawn.ts'

const gpu = await dawnGpu(() => {})

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close()
})

async function working(engine: NonNullable<NodeAgentOptions['engine']>): Promise<{ hub: TestHub; agent: NodeAgent }> {
  const hub = await startTestHub({ shards: 12, unitsPerShard: 300, shardsPerAssignment: 5 })
  opened.push(hub)
  const agent = await startNodeAgent({ url: hub.url, threads: 0, engine })
  opened.push({ close: () => agent.stop() })
  return { hub, agent }
}

const IN_SOFTWARE = [
  ['auto', 'wasm', ['refused', 'passed']],
  ['webgpu', 'webgpu', ['passed']],
] as const
/** A self-test on a GPU in software is longer than a stay: the engine's own tests run it. With FORGE_TEST_ALL=1 the agent does too. */
const told = process.env['FORGE_TEST_ALL'] === '1' ? IN_SOFTWARE : IN_SOFTWARE.slice(0, 1)

describe.skipIf(gpu === null)('a Node agent on Dawn', { timeout: 120_000 }, () => {
  it.each(told)('asked for %s in software, it works on %s', async (asked, engine, outcomes) => {
    const { hub, agent } = await working(asked)
    await hub.complete
    for (const [shard, partial] of hub.partials) expect(partial, `shard ${shard}`).toEqual(hub.expected(shard))
    expect(hub.log[1]).toBe(`ready ${engine} mc/1/insurance.v1`)
    expect(agent.snapshot()).toMatchObject({ engine, lanes: 1 })
    expect(agent.snapshot().selfTests.map(({ outcome }) => outcome)).toEqual(outcomes)
    await agent.finish()
  })
})
