// The Node agent against a Hub on a real socket: the bits of the reference, whatever happens to the connection.
import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { toHex } from '@forge/shared/exact/bytes.ts'
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import { afterEach, expect, test, vi } from 'vitest'
import { identityFromFile } from './identity-file.ts'
import { startNodeAgent, type NodeAgent, type NodeAgentOptions } from './node-agent.ts'
import { tokenOf } from './token.ts'
import { startTestHub, type TestHub, type TestHubOptions } from './hub.case.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close()
})

async function hubOf(options: Partial<TestHubOptions> = {}): Promise<TestHub> {
  const hub = await startTestHub({ shards: 12, unitsPerShard: 300, shardsPerAssignment: 5, ...options })
  opened.push(hub)
  return hub
}

async function agentOf(hub: TestHub, options: Partial<NodeAgentOptions> = {}): Promise<NodeAgent> {
  const agent = await startNodeAgent({ url: hub.url, threads: 0, ...options })
  opened.push({ close: () => agent.stop() })
  return agent
}

function expectReference(hub: TestHub, shards = [...hub.partials.keys()]): void {
  for (const shard of shards) {
    expect(toHex(hub.partials.get(shard) ?? new Uint8Array()), `shard ${shard}`).toBe(toHex(hub.expected(shard)))
  }
}

test.each(['wasm', 'reference'] as const)(
  '%s in this thread: every shard, the bits of the reference',
  async (engine) => {
    const hub = await hubOf()
    const agent = await agentOf(hub, { engine, name: 'Ada' })
    await hub.complete
    expectReference(hub)
    expect(hub.log.slice(0, 2)).toEqual(['hello node Ada', `ready ${engine} mc/1/insurance.v1`])
    await expect.poll(() => agent.snapshot().tally.accepted).toBe(12)
    expect(agent.snapshot().selfTests).toMatchObject([{ engine, outcome: 'passed' }])
  },
)

test.each([
  // A slice of the WASM engine in this thread, or some time of the reference in its own.
  ['wasm', 0, 200_000],
  ['reference', 1, 1_000_000],
] as const)('%s says how far a long shard is (%i threads)', async (engine, threads, unitsPerShard) => {
  let nowMs = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 2000))
  try {
    const hub = await hubOf({ shards: 1, unitsPerShard })
    const agent = await agentOf(hub, { engine, threads })
    await hub.complete
    const said = hub.log.filter((line) => /^(progress|answer)/.test(line))
    expect(said.length).toBeGreaterThan(1)
    expect(said.at(-1)).toBe('answer 1')
    const units = said.slice(0, -1).map((line) => Number(line.slice('progress '.length)))
    expect(units).toEqual(units.filter((of, n) => of > (units[n - 1] ?? 0) && of <= unitsPerShard))
    await agent.finish()
  } finally {
    clock.mockRestore()
  }
})

test('two worker threads share the shards', async () => {
  const hub = await hubOf({ shards: 40 })
  const snapshots: AgentSnapshot[] = []
  const agent = await agentOf(hub, { threads: 2, onSnapshot: (snapshot) => snapshots.push(snapshot) })
  await hub.complete
  expectReference(hub)
  expect(agent.snapshot()).toMatchObject({ lanes: 2, engine: 'wasm' })
  await agent.finish()
  expect(snapshots.at(-1)).toMatchObject({ state: 'stopped' })
})

test('the connection breaks in the middle: it comes back and the work is done', async () => {
  const hub = await hubOf({ shards: 200, unitsPerShard: 20_000 })
  await agentOf(hub)
  await expect.poll(() => hub.partials.size, { timeout: 10_000 }).toBeGreaterThan(0)
  hub.dropAll()
  await hub.complete
  expectReference(hub, [0, 100, 199])
  expect(hub.log.filter((line) => line.startsWith('hello')).length).toBeGreaterThan(1)
})

test('finish completes the assignment, gives the other back and leaves', async () => {
  // Long enough that the first assignment has begun and not ended when it is told to finish, however busy the machine.
  const hub = await hubOf({ shards: 400, unitsPerShard: 2_000_000, shardsPerAssignment: 8 })
  const agent = await agentOf(hub)
  await expect.poll(() => agent.snapshot().state, { timeout: 10_000, interval: 5 }).toBe('working')
  await agent.finish()
  expect(agent.snapshot()).toMatchObject({ state: 'stopped', connected: false })
  expect(hub.partials.size, 'the assignment that had begun, whole').toBe(8)
  await expect.poll(() => hub.log.at(-1)).toBe('disconnect')
  expect(hub.log.filter((line) => line === 'handback')).toHaveLength(1)
})

test('stop gives everything back at once', async () => {
  const hub = await hubOf({ shards: 100, unitsPerShard: 1_000_000, shardsPerAssignment: 50 })
  const agent = await agentOf(hub)
  await expect.poll(() => agent.snapshot().state, { timeout: 10_000 }).toBe('working')
  await agent.stop()
  await expect.poll(() => hub.log.at(-1)).toBe('disconnect')
  expect(hub.log.filter((line) => line === 'handback')).toHaveLength(2)
})

test('a tampering agent signs its lies like anything else', async () => {
  const hub = await hubOf({ shards: 3 })
  const lie = (shard: number, partial: Uint8Array): Uint8Array => (shard === 1 ? partial.map((b) => b ^ 1) : partial)
  await agentOf(hub, { tamper: lie })
  await hub.complete
  expect(toHex(hub.partials.get(0) ?? new Uint8Array())).toBe(toHex(hub.expected(0)))
  expect(toHex(hub.partials.get(1) ?? new Uint8Array())).not.toBe(toHex(hub.expected(1)))
})

test('a token that the Hub does not know ends it with the sentence of the Hub', async () => {
  const hub = await hubOf()
  const agent = await agentOf(hub, { token: 'bad' })
  await agent.ended
  expect(agent.snapshot()).toMatchObject({ state: 'refused', why: 'This token is not known.' })
})

test('an identity file is made once, for its owner only, and refused when it is something else', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'forge-agent-'))
  const file = path.join(folder, 'deep', 'agent.key')
  const first = await identityFromFile(file)
  expect(toHex((await identityFromFile(file)).publicKey)).toBe(toHex(first.publicKey))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  await writeFile(file, 'hello')
  await expect(identityFromFile(file)).rejects.toThrow('64 hexadecimal digits')
})

test('a node token: from the argument, else the environment, where an empty one is none', () => {
  const [one, other] = ['0a', '1b'].map((byte) => `ntk_${byte.repeat(28)}`)
  expect(tokenOf(one, { FORGE_AGENT_TOKEN: other })).toBe(one)
  expect(tokenOf(undefined, { FORGE_AGENT_TOKEN: other })).toBe(other)
  expect(tokenOf(undefined, { FORGE_AGENT_TOKEN: '' })).toBeUndefined()
  expect(tokenOf(undefined, {})).toBeUndefined()
  for (const given of ['', 'ntk_secret']) {
    expect(() => tokenOf(given, {})).toThrow(/^(?!.*secret).*must be a node token/)
  }
})
