// A target is kept with real tabs: WebGPU's job waits for a tab that has it, and the CPU's is not for that one. And the
// volunteer's page says on which of the two it works.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { expectSameBits } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { expectedOf } from './support/expected.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'
import { visit } from './support/volunteer.ts'

let browser: OpenBrowser
let pool: Pool

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool()])
})
afterEach(() => pool?.empty())
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

const NONE = { verify: 'none' } as const

test('target gpu waits while there is only a WASM tab, says why, and runs when a WebGPU tab joins', async () => {
  await pool.tabs(browser, { engine: 'wasm' })
  const contract = smallContract({ policy: { ...NONE, target: 'gpu' } })
  const id = await pool.client.begin(contract)
  const waiting = await pool.client.until(id, ({ reason }) => typeof reason === 'string')
  expect(waiting).toMatchObject({ status: 'QUEUED', progress: { answered: 0, eligible_agents: 0 } })
  expect(waiting.reason).toMatch(/waiting for agents: 0 of min_agents 1 .* target "gpu"/)
  await pool.tabs(browser, { engine: 'webgpu' })
  const answer = await pool.client.result(id)
  expect(answer.hub.metrics.engines).toEqual(['webgpu'])
  expectSameBits(answer, await expectedOf(contract, 'wasm'))
})

test('target cpu is not for a WebGPU tab', async () => {
  await pool.tabs(browser, { engine: 'webgpu' })
  const id = await pool.client.begin(smallContract({ policy: { ...NONE, target: 'cpu' } }))
  const waiting = await pool.client.until(id, ({ reason }) => typeof reason === 'string')
  expect(waiting).toMatchObject({ status: 'QUEUED', progress: { eligible_agents: 0 } })
  await pool.agents({ engine: 'wasm' })
  expect((await pool.client.result(id)).hub.metrics.engines).toEqual(['wasm'])
})

test('the page with ?engine=webgpu works on WebGPU, and says so', async () => {
  const tab = await visit(await browser.newContext(), `${pool.url}/?autostart=1&engine=webgpu`)
  await tab.word('Idle')
  expect(await tab.fact('Engine')).toBe('WebGPU, the graphics chip')
  const { hub } = await pool.client.run(smallContract({ policy: { target: 'gpu', verify: 'none' } }))
  expect(hub.metrics.engines).toEqual(['webgpu'])
  expect(tab.failures).toEqual([])
  await tab.page.context().close()
})
