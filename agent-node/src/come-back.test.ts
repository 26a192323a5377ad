// An agent that is quarantined asks again with the same key until it is let in, and not where it was told to leave or was
// refused for good.
import { afterEach, expect, test } from 'vitest'
import { identityFromKeys, newSecretKey } from '@forge/shared/agent/identity.ts'
import { comingBack, type ComeBackOptions } from './come-back.ts'
import { startTestHub, type TestHub } from './hub.case.ts'
import { startNodeAgent, type NodeAgent } from './node-agent.ts'

const opened: TestHub[] = []
afterEach(async () => {
  for (const hub of opened.splice(0)) await hub.close()
})

async function trying(quarantinedFor: number, token?: string, change: Partial<ComeBackOptions> = {}) {
  const hub = await startTestHub({ shards: 3, unitsPerShard: 300, shardsPerAssignment: 3, quarantinedFor })
  opened.push(hub)
  const identity = identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
  const leaving = new AbortController()
  const [said, agents]: [string[], NodeAgent[]] = [[], []]
  const last = comingBack({
    async start() {
      const agent = await startNodeAgent({ url: hub.url, threads: 0, identity, token })
      agents.push(agent)
      return agent
    },
    leave: leaving.signal,
    say: (line) => void said.push(line),
    againMs: () => 1,
    ...change,
  })
  return { hub, leaving, said, agents, last }
}

test('it comes back when its quarantine is over, and works', async () => {
  const { hub, leaving, said, last, agents } = await trying(2)
  await hub.complete
  expect(hub.log.filter((line) => line.startsWith('hello'))).toHaveLength(3)
  expect(said).toEqual(Array(2).fill('It asks again in 1 min, until it is let in.'))
  expect(new Set(agents.map(({ identity }) => identity)).size).toBe(1)
  leaving.abort()
  expect(await last).toMatchObject({ state: 'stopped', sentAway: false })
})

test('who is told to leave meanwhile leaves', async () => {
  const { hub, leaving, said, last } = await trying(9, undefined, { againMs: () => 3_600_000 })
  await expect.poll(() => said).toHaveLength(1)
  leaving.abort()
  expect(await last).toMatchObject({ state: 'refused', why: 'It may not work now.', sentAway: true })
  expect(hub.log.filter((line) => line.startsWith('hello'))).toHaveLength(1)
})

test('who is refused for good does not ask again', async () => {
  const { said, last } = await trying(0, 'bad')
  expect(await last).toMatchObject({ state: 'refused', sentAway: false })
  expect(said).toEqual([])
})
