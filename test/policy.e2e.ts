// What a policy asks for is kept: engines by target, enough agents before a start, a clear refusal at the deadline. And
// volunteers come and go: a shard whose agent leaves is somebody else's at once.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { expectSameBits } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'

let pool: Pool

beforeAll(async () => {
  pool = await startPool()
})
afterEach(() => pool?.empty())
afterAll(() => pool?.close())

const NONE = { verify: 'none' } as const

test('target gpu waits while there is nobody but WASM, says why, and runs when one joins that may', async () => {
  await pool.agents({ engine: 'wasm' })
  // Few shards: the reference takes two seconds for a million years.
  const contract = smallContract({ policy: { ...NONE, target: 'gpu' }, args: { iterations: 300_007 } })
  const id = await pool.client.begin(contract)
  const waiting = await pool.client.until(id, ({ reason }) => typeof reason === 'string')
  expect(waiting).toMatchObject({ status: 'QUEUED', progress: { answered: 0, eligible_agents: 0 } })
  expect(waiting.reason).toMatch(/waiting for agents: 0 of min_agents 1 .* target "gpu"/)

  // The other is not idle for want of time: what it may run, it runs meanwhile.
  expect((await pool.client.run(smallContract({ policy: NONE }))).hub.metrics.engines).toEqual(['wasm'])
  expect(await pool.client.job(id)).toMatchObject({ status: 'QUEUED', progress: { answered: 0 } })

  // The reference is admitted to any target; target.slow.ts has a tab on WebGPU.
  await pool.agents({ engine: 'reference' })
  const answer = await pool.client.result(id)
  expect(answer.hub.metrics.engines).toEqual(['reference'])
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
})

describe('agents', () => {
  test('min_agents 2 waits for the second agent', async () => {
    await pool.agents({})
    const contract = smallContract({ policy: { ...NONE, min_agents: 2 } })
    const id = await pool.client.begin(contract)
    const waiting = await pool.client.until(id, ({ reason }) => typeof reason === 'string')
    expect(waiting).toMatchObject({ status: 'QUEUED', progress: { answered: 0, eligible_agents: 1 } })
    expect(waiting.reason).toContain('1 of min_agents 2')
    await pool.agents({})
    expectSameBits(await pool.client.result(id), await expectedOf(contract, 'wasm'))
  })

  test('nobody came before the deadline: 503 with a problem document, and the same for who looks later', async () => {
    const contract = smallContract({ ctx: { job_id: 'nobody-came' }, policy: { ...NONE, timeout_ms: 1_000 } })
    const reply = await pool.client.post(contract)
    expect(reply.status).toBe(503)
    expect(reply.headers.get('content-type')).toContain('application/problem+json')
    expect(reply.body).toMatchObject({
      ok: false,
      type: 'urn:forge-pool:problem:no-eligible-agents',
      status: 503,
      code: 'NO_ELIGIBLE_AGENTS',
      retryable: true,
      detail: expect.stringContaining('0 of min_agents 1'),
      job_id: expect.any(String),
    })
    // Finished is finished: an agent that comes later does not wake it.
    await pool.agents({})
    const again = await pool.client.post(contract)
    expect(again).toMatchObject({ status: 503, body: reply.body })
    expect(again.headers.get('forge-attached')).toBe('true')
  })

  test('too much for the time allowed: 504 TIMED_OUT', async () => {
    await pool.agents({ engine: 'reference' })
    const contract = smallContract({ policy: { ...NONE, timeout_ms: 1_000 }, args: { iterations: 20_000_003 } })
    const reply = await pool.client.post(contract)
    expect(reply).toMatchObject({ status: 504, body: { ok: false, code: 'TIMED_OUT', retryable: true } })
    expect(reply.body).not.toHaveProperty('billing')
  })

  test('an agent that is killed loses its shards at once, and the job ends with the same bits', async () => {
    const contract = smallContract({ policy: { ...NONE, min_agents: 2 }, args: { iterations: 20_000_003 } })
    await pool.agents({ engine: 'wasm' })
    const leaving = await pool.agentProcess('--engine', 'reference', '--threads', '1')
    const id = await pool.client.begin(contract)
    await pool.client.until(id, ({ progress }) => progress?.agents_now === 2 && progress.answered > 0)
    const killed = performance.now()
    leaving.signal('SIGKILL')
    expectSameBits(await pool.client.result(id), await expectedOf(contract, 'wasm'))
    // Ten seconds is the shortest lease: had its shards waited for that, the job could not have ended.
    expect(performance.now() - killed).toBeLessThan(10_000)
  })

  test('SIGTERM: the agent hands its shards back, says so, and ends with 0', async () => {
    const leaving = await pool.agentProcess('--engine', 'reference', '--threads', '1')
    const contract = smallContract({ policy: NONE, args: { iterations: 20_000_003 } })
    const id = await pool.client.begin(contract)
    await pool.client.until(id, ({ progress }) => progress?.agents_now === 1)
    leaving.signal('SIGTERM')
    expect(await leaving.exit).toBe(0)
    expect(leaving.said.join('')).toContain('stopped: Shards that were not finished went back to the pool.')
    const { status, progress } = await pool.client.until(id, (view) => view.progress?.agents_now === 0)
    expect(status).toBe('RUNNING')
    expect(progress?.answered).toBeLessThan(progress?.shards ?? 0)
    await pool.agents({ engine: 'wasm' })
    expectSameBits(await pool.client.result(id), await expectedOf(contract, 'wasm'))
  })
})
