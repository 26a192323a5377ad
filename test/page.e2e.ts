// The volunteer's page, as a person meets it: press Start, see the state, the engine and the shards that were accepted,
// and leave with Stop or Finish. Everything is found by role and label.
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { smallContract } from './support/contract.ts'
import { eventually } from './support/eventually.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

let browser: OpenBrowser
let pool: Pool
let failures: string[]

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool()])
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  expect(failures, 'errors in the page').toEqual([])
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

async function visit(address = '/'): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  failures = []
  page.on('pageerror', (error) => failures.push(error.message))
  await page.goto(`${pool.url}${address}`)
  return page
}

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const usable = async (page: Page, name: string) =>
  (await page.getByRole('button', { name, exact: true }).getAttribute('aria-disabled')) !== 'true'
const word = (page: Page, said: string) =>
  eventually(
    'the state’s word',
    async () => (await page.getByRole('status').first().textContent()) ?? '',
    (seen) => seen.includes(said),
  )
/** What stands beside a term of the page's lists. */
const fact = async (page: Page, term: string) =>
  (await page.locator('dt', { hasText: term }).locator('xpath=following-sibling::dd[1]').textContent()) ?? ''

test('Start, work, Stop: each says what it does, and the count of accepted shards rises', async () => {
  const page = await visit()
  await word(page, 'Ready to start')
  expect([await usable(page, 'Start'), await usable(page, 'Finish'), await usable(page, 'Stop')]).toEqual([
    true,
    false,
    false,
  ])
  await press(page, 'Start')
  await word(page, 'Idle')
  expect(await fact(page, 'Engine')).toMatch(/^WASM, \d+ workers?$/)
  expect(await fact(page, 'Connection')).toBe('connected to the pool')
  expect([await usable(page, 'Start'), await usable(page, 'Stop')]).toEqual([false, true])

  const contract = smallContract({ policy: { verify: 'none' } })
  const { hub } = await pool.client.run(contract)
  await eventually(
    'accepted shards',
    () => fact(page, 'Accepted'),
    (count) => Number(count) === hub.metrics.shards,
  )
  await pool.client.run(contract)
  await eventually(
    'accepted shards',
    () => fact(page, 'Accepted'),
    (count) => Number(count) === 2 * hub.metrics.shards,
  )
  expect([await fact(page, 'Pending'), await fact(page, 'Rejected')]).toEqual(['0', '0'])

  await press(page, 'Stop')
  await word(page, 'Stopped')
  await eventually(
    'agents online',
    () => pool.server.hub.agentsOnline,
    (agents) => agents === 0,
  )
  await eventually('Start', () => usable(page, 'Start'), Boolean)
  await press(page, 'Start')
  await word(page, 'Idle')
})

test('Finish in the middle of a job: what has begun is accepted, then the tab leaves', async () => {
  const page = await visit('/?threads=1')
  await press(page, 'Start')
  await word(page, 'Idle')
  const id = await pool.client.begin(smallContract({ policy: { verify: 'none' }, args: { iterations: 150_000_000 } }))
  await pool.client.until(id, ({ progress }) => (progress?.answered ?? 0) > 0)
  await word(page, 'Working')
  await press(page, 'Finish')
  await word(page, 'Stopped')
  const left = await pool.client.until(id, ({ progress }) => progress?.agents_now === 0)
  expect(left.status).toBe('RUNNING')
  expect(left.progress?.answered).toBeLessThan(left.progress?.shards ?? 0)
  expect(await fact(page, 'Rejected')).toBe('0')
  // Somebody else ends it.
  await pool.agents({ engine: 'wasm' })
  await pool.client.result(id)
  await pool.empty()
})

test('?engine=webgpu works on WebGPU, and says so', async () => {
  const page = await visit('/?autostart=1&engine=webgpu')
  await word(page, 'Idle')
  expect(await fact(page, 'Engine')).toBe('WebGPU, the graphics chip')
  const { hub } = await pool.client.run(smallContract({ policy: { target: 'gpu', verify: 'none' } }))
  expect(hub.metrics.engines).toEqual(['webgpu'])
})

test('an address that is not understood is answered with a sentence, and the page still works', async () => {
  const page = await visit('/?engine=cuda&threads=many')
  const intro = page.getByRole('region', { name: 'This tab' })
  expect(await intro.textContent()).toContain('“engine” in the address is webgpu or wasm')
  expect(await intro.textContent()).toContain('“threads” in the address is a whole number from 1 to 64')
  await press(page, 'Start')
  await word(page, 'Idle')
})
