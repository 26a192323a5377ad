// HQ without a mouse: an owner signs in, runs the founding example, reads its page, verifies and replays it, makes a key and
// revokes it, and leaves; in every view, the operator's too, Tab comes to every control and shows where it is.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAllByTab, walkTo } from './support/accessible.ts'
import { API_KEY } from './support/client.ts'
import { focused } from './support/focus.ts'
import { openHq, settled } from './support/hq.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

const ADMIN_TOKEN = 'the-operators-token-of-the-story'
const OWNERS = ['Jobs', 'New job', 'Agents', 'Billing', 'Limits', 'Pools', 'Webhooks', 'Memory', 'Keys', 'Audit log']
const OPERATORS = ['Projects', 'Agents', 'Audit log']

let browser: OpenBrowser
let pool: Pool
let page: Page
const faults: string[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([
    openBrowser(),
    startPool({ FORGE_ADMIN_TOKEN: ADMIN_TOKEN, FORGE_REFEREE: 'on' }),
  ])
  page = await openHq(browser, `${pool.url}/hq`, faults)
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

const heading = (name: string | RegExp) => page.getByRole('heading', { name, exact: true }).first().waitFor()

const allByTab = () => expectAllByTab(page, () => settled(page))

async function press(name: string | RegExp, key = 'Enter'): Promise<void> {
  await walkTo(page, name)
  await page.keyboard.press(key)
}

/** The field has the focus when the page is there. */
async function signIn(key: string): Promise<void> {
  await expect.poll(() => focused(page)).toBe('Project key or admin token')
  await page.keyboard.type(key)
  await page.keyboard.press('Enter')
}

test('an owner signs in and runs the founding example', async () => {
  await signIn(API_KEY)
  await heading(/^No job yet/)
  await allByTab()
  await press('Fill in the founding example')
  await heading('New job')
  await page.getByRole('complementary', { name: 'Estimate' }).getByText('1.42 credits').first().waitFor()
  await allByTab()
  await walkTo(page, /^Years/)
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.type('1048579')
  await pool.agents({ engine: 'wasm' }, { engine: 'wasm' })
  await press('Run it')
  await heading(/^Insurance losses, 1\.048579 million years/)
  await expect.poll(() => page.getByRole('status').first().textContent()).toBe('Completed')
})

test('its page is read, verified and replayed', async () => {
  await page.getByText('offline bundle').first().waitFor()
  await allByTab()
  await walkTo(page, /^Shards, 9/)
  await page.keyboard.press('End')
  await heading(/^Shard 8/)
  await page.keyboard.press('ArrowLeft')
  await heading(/^Shard 7/)
  await press('Verify')
  await press('Draw and run them')
  await page.getByText('Nothing is wrong.').waitFor()
  await allByTab()
  const first = page.url()
  await press('Replay')
  await page.getByText(/It costs/).waitFor()
  await expect.poll(() => focused(page)).toBe('Yes, run it again')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.url()).not.toBe(first)
  await expect.poll(() => page.getByRole('status').first().textContent()).toBe('Completed')
})

test.each(OWNERS)('%s: every control by Tab', async (view) => {
  await press(view)
  await heading(view)
  await allByTab()
})

test('a key is made, seen once and revoked', async () => {
  await press('Keys')
  await heading('Keys')
  await walkTo(page, 'Name')
  await page.keyboard.type('by hand')
  await press('Make a key')
  await page.getByRole('region', { name: 'Secret' }).waitFor()
  await allByTab()
  await press('Jobs')
  await page.getByRole('dialog').waitFor()
  await expect.poll(() => focused(page)).toBe('Stay')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await press('I have stored it')
  await press('Revoke by hand')
  await expect.poll(() => focused(page)).toBe('Keep it')
  await press('Yes, revoke it')
  await page.getByRole('row').filter({ hasText: 'by hand' }).getByText('Revoked').waitFor()
})

test('the owner signs out, and the operator comes to all that is theirs', async () => {
  await press('Sign out')
  await signIn(ADMIN_TOKEN)
  await heading('Projects')
  for (const view of OPERATORS) {
    await press(view)
    await heading(view)
    await allByTab()
  }
  await press('Projects')
  await press('default')
  await heading('default')
  await allByTab()
})

test('no script failed, and the policy of the page was kept', () => expect(faults).toEqual([]))
