// The volunteer's page, as a person meets it: press Start, see the state, the engine and the shards that were accepted,
// and leave with Stop or Finish. Everything is found by role and label.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { smallContract } from './support/contract.ts'
import { eventually, eventuallySeen } from './support/eventually.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'
import { visit, type Volunteer } from './support/volunteer.ts'

let browser: OpenBrowser
let pool: Pool
let visited: Volunteer | undefined

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool()])
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  expect(visited?.failures, 'errors in the page').toEqual([])
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

async function come(address = '/'): Promise<Volunteer> {
  visited = await visit(await browser.newContext(), `${pool.url}${address}`)
  return visited
}

test('Start, work, Stop: each says what it does, and the count of accepted shards rises', async () => {
  const tab = await come()
  await tab.word('Ready to start')
  expect([await tab.usable('Start'), await tab.usable('Finish'), await tab.usable('Stop')]).toEqual([
    true,
    false,
    false,
  ])
  await tab.press('Start')
  await tab.word('Idle')
  expect(await tab.fact('Engine')).toMatch(/^WASM, \d+ workers?$/)
  expect(await tab.fact('Connection')).toBe('connected to the pool')
  expect([await tab.usable('Start'), await tab.usable('Stop')]).toEqual([false, true])

  const contract = smallContract({ policy: { verify: 'none' } })
  const { hub } = await pool.client.run(contract)
  await eventuallySeen(
    'accepted shards',
    () => tab.fact('Accepted'),
    (count) => Number(count) === hub.metrics.shards,
  )
  await pool.client.run(contract)
  await eventuallySeen(
    'accepted shards',
    () => tab.fact('Accepted'),
    (count) => Number(count) === 2 * hub.metrics.shards,
  )
  expect([await tab.fact('Pending'), await tab.fact('Rejected')]).toEqual(['0', '0'])

  await tab.press('Stop')
  await tab.word('Stopped')
  await eventually(
    'agents online',
    () => pool.server.hub.agentsOnline,
    (agents) => agents === 0,
  )
  await eventuallySeen('Start', () => tab.usable('Start'), Boolean)
  await tab.press('Start')
  await tab.word('Idle')
})

test('Finish in the middle of a job: what has begun is accepted, then the tab leaves', async () => {
  const tab = await come('/?threads=1')
  await tab.press('Start')
  await tab.word('Idle')
  const id = await pool.client.begin(smallContract({ policy: { verify: 'none' }, args: { iterations: 60_000_000 } }))
  await pool.client.until(id, ({ progress }) => (progress?.answered ?? 0) > 0)
  await tab.word('Working')
  await tab.press('Finish')
  await tab.word('Stopped')
  const left = await pool.client.until(id, ({ progress }) => progress?.agents_now === 0)
  expect(left.status).toBe('RUNNING')
  expect(left.progress?.answered).toBeLessThan(left.progress?.shards ?? 0)
  expect(await tab.fact('Rejected')).toBe('0')
  // Somebody else ends it.
  await pool.agents({ engine: 'wasm' })
  await pool.client.result(id)
  await pool.empty()
})

test('an address that is not understood is answered with a sentence, and the page still works', async () => {
  const tab = await come('/?engine=cuda&threads=many')
  const intro = tab.page.getByRole('region', { name: 'This tab' })
  await expect.poll(() => intro.textContent()).toContain('“engine” in the address is webgpu or wasm')
  await expect.poll(() => intro.textContent()).toContain('“threads” in the address is a whole number from 1 to 64')
  await tab.press('Start')
  await tab.word('Idle')
})
