// More of HQ, as the owner of a project meets it: a job is verified in the browser, and a digest that was flipped on the way is
// found; limits, pools, webhooks and memory are seen and changed. Everything is found by role and label; axe-core looks at each
// view, light and dark, and the console has neither an error of the page nor a breach of its policy.
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAccessible } from './support/accessible.ts'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

const ADMIN_TOKEN = 'the-operators-token-of-the-story'

let browser: OpenBrowser
let pool: Pool
let context: BrowserContext
let page: Page
const faults: string[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([
    openBrowser(),
    startPool({ FORGE_ADMIN_TOKEN: ADMIN_TOKEN, FORGE_REFEREE: 'on' }),
  ])
  const viewport = { width: 1280, height: 900 }
  context = await browser.newContext({ locale: 'en-GB', viewport, reducedMotion: 'reduce' })
  page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  await page.goto(`${pool.url}/hq`)
  await page.getByLabel('Project key or admin token').fill(API_KEY)
  await button('Sign in').click()
  await page.getByRole('heading', { name: /^No job yet/ }).waitFor()
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

const button = (name: string) => page.getByRole('button', { name, exact: true })

test('a job is verified in the browser: shards run again, and what that proved and what not', async () => {
  await pool.agents({ engine: 'wasm' }, { engine: 'wasm' })
  const id = await pool.client.begin(smallContract())
  await pool.client.result(id)
  await page.goto(`${pool.url}/hq/jobs/${id}`)
  const here = page.getByRole('region', { name: /^Verify in this browser/ })
  await button('Verify').click()
  const number = here.getByLabel('Shards to run again')
  expect(await number.inputValue()).toBe('5')
  await number.fill('10')
  expect(await button('Draw and run them').getAttribute('aria-disabled')).toBe('true')
  await number.fill('5')
  await button('Draw and run them').click()
  await here.getByText('Nothing is wrong.').waitFor()
  await here.getByText(/5 of 9 shards, drawn at random, were run again in this browser/).waitFor()
  await here.getByText(/Not proved: that the other 4 shards are right/).waitFor()
  const drawn = here.getByRole('table', { name: 'Shards that were run again here' }).getByRole('row')
  expect(await drawn.filter({ hasText: 'Same bits' }).count()).toBe(5)
  const found = await here.getByRole('listitem').allTextContents()
  for (const said of [
    /^Proved ?signature receipt: signed by the key/,
    /^Proved ?root 9 shard digests make the root/,
    /^Proved ?bill /,
    /^Proved ?output 9 partials reduce to the output/,
    /^Proved ?shards 5 of 9, run again on wasm/,
    /^Not proved ?shards the other 4/,
  ]) {
    expect(
      found.filter((one) => said.test(one)),
      String(said),
    ).toHaveLength(1)
  }
})

test('a digest that was flipped on its way to the browser is found, with both digests side by side', async () => {
  let flipped = ''
  await page.route('**/bundle', async (route) => {
    const response = await route.fetch()
    const bundle: { shards: [string, number, boolean][] } = JSON.parse(await response.text())
    const [shard] = bundle.shards.slice(3)
    if (shard !== undefined) {
      shard[0] = (shard[0].startsWith('0') ? '1' : '0') + shard[0].slice(1)
      flipped = shard[0]
    }
    await route.fulfill({ response, json: bundle })
  })
  const here = page.getByRole('region', { name: /^Verify in this browser/ })
  await here.getByLabel('Shards to run again').fill('9')
  await button('Draw others').click()
  await here.getByText(/things are wrong\./).waitFor()
  const row = here.getByRole('row').filter({ hasText: 'Differs' })
  expect(await row.count()).toBe(1)
  expect(await row.getByRole('rowheader').textContent()).toBe('Shard 3')
  expect(await row.textContent()).toContain(`${flipped}in the list`)
  const found = await here.getByRole('listitem').filter({ hasText: 'Wrong' }).allTextContents()
  expect(found.join('\n')).toMatch(/root .*their root is [^]*output partials: 3 is not what[^]*shards: 3, run again/)
  await isAccessible(page)
  await page.unroute('**/bundle')
})

test('no script failed, and the policy of the page was kept', () => expect(faults).toEqual([]))
