// Corners of HQ: a job whose time ran out, and what was given back for it; a list of more than a page; a job found by its id; a
// tab that is closed while it shows a secret; an address that shows nothing.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { focused } from './support/focus.ts'
import { openHq, signIn } from './support/hq.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

let browser: OpenBrowser
let pool: Pool
let page: Page
const faults: string[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool()])
  page = await openHq(browser, `${pool.url}/hq`, faults)
  await signIn(page, API_KEY)
  await page.getByRole('heading', { name: /^No job yet/ }).waitFor()
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

const button = (name: string) => page.getByRole('button', { name, exact: true })
const view = (name: string) => page.getByRole('navigation', { name: 'HQ' }).getByRole('link', { name, exact: true })
const ended = (id: string) => pool.client.until(id, ({ status }) => status === 'FAILED')

test('a job whose time ran out says so, where a longer one is asked for, and that nobody answered', async () => {
  const id = await pool.client.begin(smallContract({ policy: { target: 'gpu', timeout_ms: 1_000 } }))
  await ended(id)
  await page.goto(`${pool.url}/hq/jobs/${id}`)
  await page.getByText(/^Its deadline came at .*, 1\.00 s after it was registered\. With a longer timeout/).waitFor()
  await page.getByText('Nobody answered it.').waitFor()
  await page.getByText('Nobody answered a shard.').waitFor()
  await page.getByText('Nothing was billed.').first().waitFor()
  await view('Billing').click()
  const row = page
    .getByRole('row')
    .filter({ hasText: 'Given back' })
    .filter({ hasText: id.slice(-4) })
  await expect.poll(() => row.count()).toBe(1)
})

test('of more jobs than a page has the older ones are a page further, and the heading has the focus', async () => {
  const ids: string[] = []
  for (let n = 0; n < 21; n++) ids.push(await pool.client.begin(smallContract({ ctx: { job_id: `one-of-many-${n}` } })))
  await view('Jobs').click()
  await page.getByText('20 jobs on this page').waitFor()
  await page.getByRole('link', { name: 'Older jobs' }).click()
  await page.getByText('2 jobs on this page').waitFor()
  await expect.poll(() => focused(page)).toBe('Jobs')
  await page.getByRole('link', { name: 'Newest jobs' }).click()
  await page.getByText('20 jobs on this page').waitFor()
  await expect.poll(() => focused(page)).toBe('Jobs')
  const [first = ''] = ids
  await page.getByPlaceholder(/^A job id/).fill(first)
  await button('Find').click()
  await expect.poll(() => page.url()).toBe(`${pool.url}/hq/jobs/${first}`)
})

test('a tab that shows a secret asks before it is closed, and no more once it is stored', async () => {
  await view('Keys').click()
  await page.getByLabel('Name', { exact: true }).fill('kept')
  await button('Make a key').click()
  const shown = page.getByRole('region', { name: 'Secret' })
  const secret = await shown.locator('code').textContent()
  const asked = page.waitForEvent('dialog')
  await page.close({ runBeforeUnload: true })
  const dialog = await asked
  expect(dialog.type()).toBe('beforeunload')
  await dialog.dismiss()
  await expect.poll(() => shown.locator('code').textContent()).toBe(secret)
  await button('I have stored it').click()
  await shown.waitFor({ state: 'detached' })
  const gone = page.waitForEvent('close')
  await page.close({ runBeforeUnload: true })
  await gone
  page = await openHq(browser, `${pool.url}/hq`, faults)
  await signIn(page, API_KEY)
  await page.getByRole('heading', { name: 'Jobs', exact: true }).waitFor()
})

test('an address that shows nothing says so under its heading, and not across it', async () => {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 900 })
    await page.goto(`${pool.url}/hq/nowhere`)
    const heading = await page.getByRole('heading', { name: 'Nothing here' }).boundingBox()
    const lead = await page.getByText(/^This address of HQ shows nothing/).boundingBox()
    expect(lead?.y).toBeGreaterThanOrEqual((heading?.y ?? 0) + (heading?.height ?? 0))
  }
})

test('no script failed, and the policy of the page was kept', () => expect(faults).toEqual([]))
