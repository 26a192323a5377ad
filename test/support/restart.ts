// One story for both stores: a server process is killed with SIGKILL in the middle of a job and started again on the same
// port and data. Tab and Node agent are not touched: they find the way back.
import { expect } from 'vitest'
import { keptPort } from '../../scripts/machine/kept-port.ts'
import { startNodeAgent } from '@forge/agent-node/node-agent.ts'
import { API_KEY, clientOf, expectSameBits } from './client.ts'
import { smallContract } from './contract.ts'
import { expectedOf } from './expected.ts'
import { isReady } from './pool.ts'
import { startServerProcess } from './processes.ts'
import { openTab, type OpenBrowser } from './tabs.ts'

/** `settings` name the data. */
export async function killAndRestart(settings: Readonly<Record<string, string>>, browser: OpenBrowser): Promise<void> {
  const before = await startServerProcess(settings, await keptPort())
  const tab = await openTab(browser, before.url, { engine: 'wasm' })
  const agent = await startNodeAgent({ url: before.url, engine: 'wasm' })
  let after: Awaited<ReturnType<typeof startServerProcess>> | undefined
  try {
    await Promise.all([tab.ready(), isReady(agent)])
    const client = clientOf(before.url, API_KEY)
    const contract = smallContract({
      ctx: { job_id: 'outlives-the-server' },
      policy: { min_agents: 2, verify: 'spotcheck' },
      args: { iterations: 150_000_003 },
    })
    const id = await client.begin(contract)
    await client.until(id, ({ progress }) => (progress?.answered ?? 0) > 20)
    before.signal('SIGKILL')
    expect(await before.exit).toBe('SIGKILL')

    after = await startServerProcess(settings, before.port)
    const view = await client.job(id)
    expect(view.status, 'the job was in the middle').toMatch(/^(QUEUED|RUNNING|VERIFYING)$/)
    expect(after.said.join('')).toContain('unfinished jobs go on')
    const reply = await client.post(contract)
    expect(reply).toMatchObject({ status: 200, body: { job_id: id, status: 'COMPLETED' } })
    expect(reply.headers.get('forge-attached')).toBe('true')
    const answer = await client.result(id)
    expectSameBits(answer, await expectedOf(contract, 'wasm'))
    // Both are back, and what was answered before the end was not run again.
    expect(answer.hub.metrics.agents_used).toBeGreaterThanOrEqual(2)
    expect(answer.hub.verification).toMatchObject({ status: 'clean', mismatches: 0, authors: 2 })
  } finally {
    await tab.close()
    await agent.stop()
    for (const server of [before, after]) server?.signal('SIGKILL')
    await after?.exit
  }
}
