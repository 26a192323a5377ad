// HQ's agents and audit log, as an owner and an operator meet them side by side: bring a machine, see it work beside a stranger,
// take it out of the pool with a reason, read who did what, and check both chains in the browser.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAccessible } from './support/accessible.ts'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { openHq, signIn } from './support/hq.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

const ADMIN_TOKEN = 'the-operators-token-of-the-story'
const REASON = 'Its owner asked for it.'

let browser: OpenBrowser
let pool: Pool
let owner: Page
let operator: Page
const faults: string[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool({ FORGE_ADMIN_TOKEN: ADMIN_TOKEN })])
  ;[owner, operator] = await Promise.all([signedIn(API_KEY), signedIn(ADMIN_TOKEN)])
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

async function signedIn(key: string): Promise<Page> {
  const tab = await openHq(browser, `${pool.url}/hq/agents`, faults)
  await signIn(tab, key)
  await tab.getByRole('heading', { name: 'Agents', exact: true }).waitFor()
  return tab
}

async function make<T>(path: string, body: object): Promise<T> {
  const response = await fetch(pool.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
  })
  expect(response.status).toBe(201)
  return response.json() as Promise<T>
}

const row = (tab: Page, table: string, text: string) =>
  tab.getByRole('table', { name: table }).getByRole('row').filter({ hasText: text })
const button = (tab: Page, name: string) => tab.getByRole('button', { name, exact: true })
const view = (tab: Page, name: string) =>
  tab.getByRole('navigation', { name: 'HQ' }).getByRole('link', { name, exact: true })

test('a project without agents of its own is shown how to bring some', async () => {
  await owner.getByRole('heading', { name: 'Bring your own machines.' }).waitFor()
  expect(await owner.getByRole('link', { name: 'Make a pool and a token' }).getAttribute('href')).toBe('/hq/pools')
  await expect
    .poll(() => owner.getByRole('region', { name: 'In a browser tab' }).textContent())
    .toBe(`${pool.url}/?pool=in-house#token=ntk_…`)
  await isAccessible(owner)
})

test('its own agent is shown whole as it comes, a stranger by what it did, and the operator sees both', async () => {
  await make('/api/v0/pools', { name: 'in-house' })
  const { secret } = await make<{ secret: string }>('/api/v0/node-tokens', { name: 'rack 7', pool: 'in-house' })
  await pool.agents({ engine: 'wasm', name: 'rack 7', token: secret }, { engine: 'wasm', name: 'Anna' })
  const id = await pool.client.begin(smallContract({ policy: { verify: 'none' } }))
  await pool.client.result(id)
  const own = row(owner, 'Your own agents', 'rack 7')
  await own.getByText(/^in probation, 0 of 10 checked right; [\d,.]+( million)? units\/s$/).waitFor()
  await expect.poll(() => own.textContent()).toContain('pool in-houseConnected')
  const stranger = owner
    .getByRole('table', { name: 'Other agents, by their names in your jobs' })
    .getByRole('row')
    .last()
  await stranger.getByText('WASM').waitFor()
  await expect.poll(() => stranger.textContent()).toMatch(/^[0-9a-f]{16}.*WASM1\d+0/)
  expect(await owner.content()).not.toContain('Anna')
  await isAccessible(owner)
  await row(operator, 'The fleet', 'Anna').getByText('Connected').waitFor()
  await row(operator, 'The fleet', 'rack 7').getByText('Connected').waitFor()
})

test('an order asks for a reason, holds at once, and its owner reads why', async () => {
  // Beside the name stands whose it is: names are the agents' own words.
  const named = operator.getByRole('button', { name: /^Quarantine rack 7, [0-9a-f]{6}…[0-9a-f]{4}$/ })
  await expect.poll(() => named.count()).toBe(1)
  await named.click()
  await button(operator, 'Yes, quarantine it').click()
  await operator.getByText('must say why').waitFor()
  await operator.getByLabel('Reason').fill(REASON)
  await isAccessible(operator)
  await operator.getByLabel('Reason').press('Enter')
  await row(operator, 'The fleet', 'rack 7').getByText('Quarantined').waitFor()
  await row(operator, 'The fleet', 'rack 7').getByText('may try in 24 h').waitFor()
  const own = row(owner, 'Your own agents', 'rack 7')
  await own.getByText('Quarantined').waitFor()
  await expect.poll(() => own.textContent()).toContain('by the operator')
  await expect.poll(() => own.textContent()).toContain(REASON)
  await operator.getByRole('button', { name: /^Release rack 7, [0-9a-f]{6}…/ }).waitFor()
})

test('who did what is in the audit log, and the browser proves both chains, or says what is lost', async () => {
  await view(operator, 'Audit log').click()
  await row(operator, 'Acts, newest first', 'Agent quarantined').getByText(REASON).waitFor()
  await button(operator, 'Check the chain').click()
  await operator.getByText('The chain holds.').waitFor()

  await view(owner, 'Audit log').click()
  await row(owner, 'Acts, newest first', 'Node token made').getByText('The key of the server’s setting').waitFor()
  const receipts = owner.getByRole('region', { name: 'The log of receipts' })
  await receipts.getByRole('button', { name: 'Check the chain' }).click()
  await receipts.getByText(/made the digest of 1 link again, checked each signature/).waitFor()
  const acts = owner.getByRole('region', { name: 'The chain of acts' })
  await acts.getByLabel('A head that you kept').fill('0'.repeat(64))
  await acts.getByRole('button', { name: 'Check the chain' }).click()
  await acts.getByText('This is not the chain that you kept.').waitFor()
  await acts.getByText(/it was written anew, or the head is of another one/).waitFor()
  await isAccessible(owner)
})

test('no script failed, and the policy of the page was kept', () => expect(faults).toEqual([]))
