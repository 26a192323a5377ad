// HQ as the owner of a project meets it: sign in, run the founding example from the form, watch it live, read the job’s page,
// see what it cost, make a key and revoke it, replay the job, sign out. Everything is found by role and label; axe-core looks at
// each view, light and dark, and the console has neither an error of the page nor a breach of its policy.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAccessible } from './support/accessible.ts'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { eventuallySeen } from './support/eventually.ts'
import { startPool, type Pool } from './support/pool.ts'
import { focused } from './support/focus.ts'
import { openHq, signIn } from './support/hq.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

const ADMIN_TOKEN = 'the-operators-token-of-the-story'

let browser: OpenBrowser
let pool: Pool
let page: Page
/** With a shard in hand, until the page has been seen to run the job: it is one of half a second. */
const LINGER_MS = 50
const faults: string[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([
    openBrowser(),
    startPool({ FORGE_ADMIN_TOKEN: ADMIN_TOKEN, FORGE_REFEREE: 'on' }),
  ])
  page = await visit()
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

const visit = () => openHq(browser, `${pool.url}/hq`, faults)

const button = (name: string) => page.getByRole('button', { name, exact: true })
const state = () => page.getByRole('status').first()
const view = (name: string, tab = page) =>
  tab.getByRole('navigation', { name: 'HQ' }).getByRole('link', { name, exact: true })
const seen = async (tab: Page, text: string | RegExp) => tab.getByText(text).first().waitFor()

test('a wrong key is refused with a sentence, and the right one opens the jobs', async () => {
  await expect.poll(() => focused(page)).toBe('Project key or admin token')
  await signIn(page, 'fpak_wrong')
  await expect.poll(() => page.getByRole('alert').textContent()).toContain('not known here')
  await isAccessible(page)
  await signIn(page, API_KEY)
  await page.getByRole('heading', { name: /^No job yet/ }).waitFor()
  const [cookie] = await page.context().cookies()
  expect(cookie).toMatchObject({ name: '__Host-forge-hq', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' })
  expect(await page.evaluate('document.cookie')).toBe('')
  await isAccessible(page)
})

test('the form has the founding example and its price, says what is wrong, and what agents can infer', async () => {
  await page.getByRole('link', { name: 'Fill in the founding example' }).click()
  await page.getByRole('heading', { name: 'New job' }).waitFor()
  const estimate = page.getByRole('complementary', { name: 'Estimate' })
  await estimate.getByText('1.42 credits').first().waitFor()
  await seen(page, /parameters of the model can be inferred/)
  await expect.poll(() => page.getByLabel('Years iterations').inputValue()).toBe('10000000')
  await isAccessible(page)
  await page.getByLabel('Years iterations').fill('0')
  await estimate.getByText(/args\.iterations/).waitFor()
  expect(await button('Run it').getAttribute('aria-disabled')).toBe('true')
  // Of what cannot be sent no price stands there, nor that of before.
  await page.getByLabel('Years iterations').fill('abc')
  await estimate.getByText(/the price stands here/).waitFor()
  await expect.poll(() => estimate.getByText('credits').count()).toBe(0)
  await page.getByLabel('Years iterations').fill('10,000,000')
  await estimate.getByText('1.42 credits').first().waitFor()
  await page.getByRole('button', { name: 'TypeScript', exact: true }).click()
  await expect
    .poll(() => page.getByRole('region', { name: 'TypeScript' }).textContent())
    .toContain('"iterations": 10000000')
  await page.getByLabel('Exact quantiles quantiles').check()
  await page.getByLabel('At these levels').fill('0.5, 0.995')
  await seen(page, /"quantiles": \[\s+0\.5,\s+0\.995\s+\]/)
  // Going back loses nothing of what was typed.
  await page.goBack()
  await page.getByRole('heading', { name: /^No job yet/ }).waitFor()
  await page.goForward()
  await seen(page, 'What you typed before and did not send is here again.')
  await expect.poll(() => page.getByLabel('At these levels').inputValue()).toBe('0.5, 0.995')
  await button('Begin anew').click()
  await expect.poll(() => page.getByLabel('At these levels').inputValue()).toBe('')
  await page.getByLabel('Your own id').fill('the-first')
})

test('it is run and watched: waiting, running, completed, without a reload', async () => {
  const becomes = (wanted: string) =>
    eventuallySeen(
      'the state',
      () => state().textContent(),
      (said) => said === wanted,
    )
  await button('Run it').click()
  await seen(page, 'Insurance losses, 10 million years')
  await becomes('Queued')
  await seen(page, /^Waiting for agents: 0 online, \d+ needed/)
  const line = page.getByRole('region', { name: 'Time line' })
  await expect.poll(() => line.textContent()).toContain('Plandone')
  await expect.poll(() => line.textContent()).toContain('Dispatchwaiting for agents')
  expect(await button('Replay').getAttribute('aria-disabled')).toBe('true')
  await isAccessible(page)
  let isSeen = false
  const lingering = (_shard: number, partial: Uint8Array): Uint8Array => {
    if (!isSeen) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LINGER_MS)
    return partial
  }
  const working = pool.agents({ engine: 'wasm', tamper: lingering }, { engine: 'wasm', tamper: lingering })
  await becomes('Running')
  isSeen = true
  await working
  await becomes('Completed')
  await seen(page, 'offline bundle')
})

test('the page says the answer, the bound in words, every shard by keyboard, and what was billed', async () => {
  await seen(page, /shards were run again, and every accepted one gave the same bits/)
  await seen(page, /at most \d+ shards? (are|is) wrong/)
  await page.getByRole('region', { name: 'Receipt' }).getByText('1.42 credits').first().waitFor()
  const map = page.getByRole('listbox', { name: /^Shards, 77/ })
  await map.focus()
  await page.keyboard.press('End')
  const last = map.getByRole('option', { selected: true })
  await expect.poll(() => last.textContent()).toMatch(/^Shard 76, 9,961,472 to 9,999,999: accepted.*, WASM$/)
  await page.keyboard.press('ArrowLeft')
  await expect.poll(() => last.textContent()).toMatch(/^Shard 75, /)
  await page.getByRole('heading', { name: /^Shard 75/ }).waitFor()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /receipt$/ }).click(),
  ])
  const receipt: unknown = JSON.parse(readFileSync(await file.path(), 'utf8'))
  expect(receipt).toMatchObject({ body: { state: 'COMPLETED', billing: { credits: 1.42 } }, signature: {} })
  expect(await button('Cancel').getAttribute('aria-disabled')).toBe('true')
  await isAccessible(page)
})

test('billing shows what the founding run cost, and the month’s invoice says the same', async () => {
  // What a server that is away did not answer is asked again, without a press.
  await page.route('**/api/v0/ledger*', (route) => route.abort())
  await view('Billing').click()
  await seen(page, 'It is asked again by itself.')
  await page.unroute('**/api/v0/ledger*')
  const bookings = page.getByRole('table', { name: 'Bookings, newest first' })
  const settled = bookings.getByRole('row').nth(1)
  await settled.filter({ hasText: 'Settled' }).waitFor()
  await page.getByRole('link', { name: 'Show the first ones first.' }).click()
  const turned = page.getByRole('table', { name: 'Bookings, first to last' })
  await turned.getByRole('row').nth(1).filter({ hasText: 'Reserved' }).waitFor()
  await expect
    .poll(() => page.getByRole('region', { name: 'Balance' }).textContent())
    .toContain('Spent in all1.42 credits')
  const day = page.getByRole('table', { name: 'Usage by day and profile' }).getByRole('row').last()
  await expect.poll(() => day.textContent()).toMatch(/^\d{4}-\d\d-\d\dInsurance lossesSettled 11\.420\.17$/)
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /CSV$/ }).click()])
  expect(readFileSync(await file.path(), 'utf8')).toContain(',settle,mc/1/insurance.v1,billable,1,1.42,0.17\r\n')
  await isAccessible(page)
})

test('a key is made and shown once, opens HQ elsewhere with its scopes alone, and is refused when revoked', async () => {
  await view('Keys').click()
  await seen(page, 'No key was made yet.')
  const name = page.getByLabel('Name', { exact: true })
  await button('Make a key').click()
  await page.getByRole('alert').waitFor()
  expect(await name.getAttribute('aria-invalid')).toBe('true')
  await name.fill('nightly run')
  await button('Make a key').click()
  const made = page.getByRole('region', { name: 'Secret' })
  const secret = (await made.locator('code').textContent()) ?? ''
  expect(secret).toMatch(/^fpak_/)
  await isAccessible(page)
  // It is not lost by a link, or by going back, without a question.
  await view('Jobs').click()
  const asked = page.getByRole('dialog', { name: /^You have not said that you stored it/ })
  await asked.waitFor()
  await isAccessible(page)
  await page.keyboard.press('Escape')
  await page.goBack()
  await asked.getByRole('button', { name: 'Stay' }).click()
  expect(page.url()).toBe(`${pool.url}/hq/keys`)
  await expect.poll(() => made.locator('code').textContent()).toBe(secret)
  await button('I have stored it').click()
  await expect.poll(() => focused(page)).toBe('Keys')
  expect(await page.content()).not.toContain(secret)

  const tab = await visit()
  await signIn(tab, secret)
  await view('Keys', tab).click()
  await seen(tab, /lacks the scope keys:manage/)
  await tab.getByRole('button', { name: 'Make a key', exact: true, disabled: true }).waitFor()

  await view('New job', tab).click()
  await seen(tab, '1.42 credits')

  await button('Revoke nightly run').click()
  await button('Yes, revoke it').click()
  await page.getByRole('row').filter({ hasText: 'nightly run' }).getByText('Revoked').waitFor()
  // The estimate of what is typed is refused; when one is back, it is still there.
  await tab.getByLabel('Your own id').fill('typed before')
  await seen(tab, 'its key was revoked')
  await signIn(tab, API_KEY)
  await tab.getByRole('heading', { name: 'New job' }).waitFor()
  await expect.poll(() => tab.getByLabel('Your own id').inputValue()).toBe('typed before')
  await tab.context().close()
})

test('a job with exact quantiles shows its curve with VaR marked; its replay is identical', async () => {
  const id = await pool.client.begin(smallContract({ args: { quantiles: true, oep: true } }))
  await pool.client.result(id)
  await view('Jobs').click()
  await page.getByRole('link', { name: /1\.048579 million years/ }).click()
  await page.getByRole('img', { name: /^Exceedance curve.*VaR 99\.5 %.* A second, dashed line/ }).waitFor()
  await isAccessible(page)
  await page.getByText('The same as a table').first().click()
  await expect.poll(() => page.getByRole('row', { name: /^200 / }).getByRole('cell').count()).toBe(2)
  await seen(page, /agents of everybody; in any region; given up after/)
  // Somebody else runs it again: who answered the original is asked last.
  await pool.agents({ engine: 'wasm' })
  await button('Replay').click()
  await seen(page, /It costs \d+\.\d\d credits \(\d+\.\d\d EUR\), like any job\./)
  await button('Yes, run it again').click()
  await seen(page, 'Identical to the original, to the bit.')
})

test('the list is live: a job that begins elsewhere appears, and can be cancelled', async () => {
  await pool.empty()
  await view('Jobs').click()
  await page.getByRole('table', { name: 'Jobs, newest first' }).waitFor()
  await pool.client.begin(smallContract({ ctx: { job_id: 'from-elsewhere' } }))
  const row = page.getByRole('row').filter({ hasText: 'from-elsewhere' })
  await row.getByText('Queued').waitFor()
  await isAccessible(page)
  await row.getByRole('link').click()
  await button('Cancel').click()
  await button('Yes, cancel it').click()
  await eventuallySeen(
    'the state',
    () => state().textContent(),
    (said) => said === 'Cancelled',
  )
  await seen(
    page,
    /^Cancelled by your own project, .* after it was registered, at .* No agent had begun\. Nothing was billed\.$/,
  )
  await expect.poll(() => page.getByText('Trying the same again').count()).toBe(0)
  await page.getByRole('link', { name: 'New job from this one' }).click()
  await seen(page, /^The request of job .* is filled in/)
  await expect.poll(() => page.getByLabel('Years iterations').inputValue()).toBe('1048579')
  await expect.poll(() => focused(page)).toBe('New job')
  await page.goBack()
  await page.goBack()
  await page.getByRole('navigation', { name: 'State' }).getByRole('link', { name: 'Cancelled' }).click()
  expect(page.url()).toBe(`${pool.url}/hq/jobs?state=CANCELLED`)
  await eventuallySeen(
    'the rows',
    () => page.getByRole('row').count(),
    (rows) => rows === 2,
  )
  await expect
    .poll(() => row.textContent())
    .toMatch(/^CancelledInsurance losses, 1\.048579 million years.*9 shards asked for/)
})

test('an own id that has a job already runs nothing new, and that is said', async () => {
  await view('New job').click()
  await page.getByLabel('Your own id').fill('the-first')
  await button('Run it').click()
  await seen(page, /^Nothing new ran: your id the-first has a job already/)
  await page.getByLabel('Years iterations').fill('9,999,999')
  await button('Run it').click()
  await page.getByRole('alert').filter({ hasText: 'JOB_ID_REUSED' }).waitFor()
  await page.getByRole('link', { name: 'Open the job that is there' }).waitFor()
  await page.getByLabel('Years iterations').fill('10,000,000')
  await expect.poll(() => page.getByRole('alert').count()).toBe(0)
  await button('Run it').click()
  await seen(page, /^Nothing new ran: your id the-first has a job already/)
  // Shards that did not come at first come by themselves.
  await page.route('**/api/v0/jobs/*/shards*', (route) => route.abort(), { times: 1 })
  await page.getByRole('link', { name: 'Open the job that is there' }).click()
  await page.getByRole('listbox', { name: /^Shards, 77/ }).waitFor()
})

test('an address that is none says so; signing out ends the session everywhere', async () => {
  await page.goto(`${pool.url}/hq/no/such/view`)
  await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
  await isAccessible(page)
  const kept = await page.context().storageState()
  await button('Sign out').click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  const copy = await browser.newContext({ storageState: kept })
  expect((await copy.request.get(`${pool.url}/api/v0/jobs`)).status()).toBe(401)
  await copy.close()
})

test('the operator sees the projects and no jobs, and makes a project with its first key', async () => {
  await signIn(page, ADMIN_TOKEN)
  await page.getByRole('rowheader', { name: 'default' }).waitFor()
  await page.getByLabel('Name of the project').fill('Actuarial')
  await button('Make a project').click()
  await page.getByRole('heading', { name: 'Actuarial' }).waitFor()
  await seen(page, /It has no key yet/)
  await page.getByLabel('Name', { exact: true }).fill('first key')
  await button('Make a key').click()
  const secret = await page.getByRole('region', { name: 'Secret' }).locator('code').textContent()
  const headers = { authorization: `Bearer ${secret}` }
  expect((await fetch(`${pool.url}/api/v0/keys`, { headers })).status).toBe(200)
  await isAccessible(page)
})

test('no script failed, and the policy of the page was kept', () => expect(faults).toEqual([]))
