// More of HQ, as the owner of a project meets it: a job is verified in the browser, and a digest that was flipped on the way is
// found; limits, pools, webhooks and memory are seen and changed. Everything is found by role and label; axe-core looks at each
// view, light and dark, and the console has neither an error of the page nor a breach of its policy.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isAccessible } from './support/accessible.ts'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { eventuallySeen } from './support/eventually.ts'
import { focused } from './support/focus.ts'
import { openHq, signIn } from './support/hq.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'

const ADMIN_TOKEN = 'the-operators-token-of-the-story'

let browser: OpenBrowser
let pool: Pool
let page: Page
const faults: string[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([
    openBrowser(),
    startPool({ FORGE_ADMIN_TOKEN: ADMIN_TOKEN, FORGE_REFEREE: 'on', FORGE_WEBHOOK_PRIVATE: 'true' }),
  ])
  page = await visit(API_KEY)
  await page.getByRole('heading', { name: /^No job yet/ }).waitFor()
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

async function visit(key: string): Promise<Page> {
  const tab = await openHq(browser, `${pool.url}/hq`, faults)
  await signIn(tab, key)
  return tab
}

/** As a program of the project's would. */
async function put(path: string, body: string | Uint8Array<ArrayBuffer>, type = 'application/json'): Promise<void> {
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': type }
  const { ok } = await fetch(`${pool.url}/api/v0${path}`, { method: 'PUT', headers, body })
  expect(ok).toBe(true)
}

const button = (name: string, tab = page) => tab.getByRole('button', { name, exact: true })
const view = (name: string) => page.getByRole('navigation', { name: 'HQ' }).getByRole('link', { name, exact: true })

test('a job is verified in the browser: shards run again, and what that proved and what not', async () => {
  await pool.agents({ engine: 'wasm' }, { engine: 'wasm' })
  const id = await pool.client.begin(smallContract())
  await pool.client.result(id)
  await page.goto(`${pool.url}/hq/jobs/${id}`)
  const here = page.getByRole('region', { name: /^Verify in this browser/ })
  await button('Verify').click()
  const number = here.getByLabel('Shards to run again')
  await expect.poll(() => number.inputValue()).toBe('5')
  await number.fill('10')
  expect(await button('Draw and run them').getAttribute('aria-disabled')).toBe('true')
  await number.fill('5')
  await button('Draw and run them').click()
  await here.getByText('Nothing is wrong.').waitFor()
  await here.getByText(/5 of 9 shards, drawn at random, were run again in this browser/).waitFor()
  await here.getByText(/Not proved: that the other 4 shards are right/).waitFor()
  const drawn = here.getByRole('table', { name: 'Shards that were run again here' }).getByRole('row')
  await expect.poll(() => drawn.filter({ hasText: 'Same bits' }).count()).toBe(5)
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
  await expect.poll(() => row.count()).toBe(1)
  await expect.poll(() => row.getByRole('rowheader').textContent()).toBe('Shard 3')
  await expect.poll(() => row.textContent()).toContain(`${flipped}in the list`)
  const found = await here.getByRole('listitem').filter({ hasText: 'Wrong' }).allTextContents()
  expect(found.join('\n')).toMatch(/root .*their root is [^]*output partials: 3 is not what[^]*shards: 3, run again/)
  await isAccessible(page)
  await page.unroute('**/bundle')
})

test('what the operator gives back of its price stands in the job’s bill, with the reason', async () => {
  const id = page.url().split('/').at(-1)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ credits: 0.01, reason: 'It came late.' })
  await fetch(`${pool.url}/api/v0/jobs/${id}/credit-note`, { method: 'POST', headers, body })
  await page.reload()
  const note = page.getByRole('table', { name: 'Credit note' })
  await note.waitFor()
  await expect
    .poll(() => note.textContent())
    .toMatch(/^Credit noteCredit note It came late\.-0\.01 creditsPaid in the end\d+\.\d\d credits$/)
})

test('the project sees each limit with what is used of it; the operator changes one, and is told what does not fit', async () => {
  await view('Limits').click()
  const row = page.getByRole('row').filter({ hasText: 'concurrent_jobs' })
  await row.waitFor()
  await expect.poll(() => row.textContent()).toBe('Jobs at a time concurrent_jobsthat have not ended01000.0 %')
  await expect
    .poll(() => page.getByRole('row').filter({ hasText: 'credits_total' }).textContent())
    .toMatch(/spent0\.\d\dno limit$/)

  const operator = await visit(ADMIN_TOKEN)
  await operator.getByRole('link', { name: 'default' }).click()
  const save = button('Change them', operator)
  await save.waitFor()
  expect(await save.getAttribute('aria-disabled')).toBe('true')
  await operator.getByLabel('At least verify_min').selectOption('full')
  await operator.getByLabel('full: every shard twice').uncheck()
  await save.click()
  await operator.getByText('is more than any of limits.verify: none, spotcheck').first().waitFor()
  await isAccessible(operator)
  await operator.getByLabel('At least verify_min').selectOption('none')
  await operator.getByLabel('Jobs at a time concurrent_jobs').fill('7')
  await save.click()
  await operator.getByText('Changed.', { exact: true }).waitFor()
  await operator.context().close()

  await page.reload()
  await row.waitFor()
  await expect.poll(() => row.textContent()).toContain('ended070.0 %')
  await isAccessible(page)
})

test('a pool is made and a token for it, which is shown once with a link by which an agent joins; it is revoked', async () => {
  await view('Pools').click()
  await page.getByText('There is no pool yet.').waitFor()
  await page.getByLabel('Name of the pool').fill('In House')
  await button('Make a pool').click()
  await page
    .getByText(/lower-case letters, digits and hyphens/)
    .first()
    .waitFor()
  await page.getByLabel('Name of the pool').fill('in-house')
  await button('Make a pool').click()
  await page.getByRole('rowheader', { name: 'in-house' }).waitFor()
  await page.getByLabel('Name', { exact: true }).fill('rack 7')
  await page.getByLabel('Region').fill('eu-west')
  await button('Make a node token').click()
  const made = page.getByRole('region', { name: 'Node token', exact: true })
  await made.getByText('Command for a machine').waitFor()
  const [secret = '', link = '', command] = await made.locator('code').allTextContents()
  expect(link).toBe(`${pool.url}/?pool=in-house#token=${secret}`)
  expect(command).toBe(`FORGE_AGENT_TOKEN=${secret} npx --yes pnpm@10.34.9 agent --url ${pool.url}`)
  await isAccessible(page)
  await button('I have stored it').click()
  expect(await page.content()).not.toContain(secret)
  await button('Revoke rack 7').click()
  await page.getByText('Agents that say rack 7 are sent away').waitFor()
  await expect.poll(() => focused(page)).toBe('Keep it')
  await button('Yes, revoke it').click()
  await page.getByRole('row').filter({ hasText: 'rack 7' }).getByText('Revoked').waitFor()
})

test('a webhook is made, tested and deleted; what the receiver answered stands among its deliveries', async () => {
  const receiver = createServer((_, response) => void response.writeHead(204).end())
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo
  await view('Webhooks').click()
  await page.getByText('No webhook was made yet.').waitFor()
  await page.getByLabel('Address').fill('ftp://hooks.example')
  await button('Make a webhook').click()
  await page.getByRole('alert').waitFor()
  expect(await page.getByLabel('Address').getAttribute('aria-invalid')).toBe('true')
  const url = `http://127.0.0.1:${port}/forge`
  await page.getByLabel('Address').fill(url)
  await button('Make a webhook').click()
  const secret = await page.getByRole('region', { name: 'Signing secret' }).locator('code').textContent()
  expect(secret).toMatch(/^whsec_/)
  await button('I have stored it').click()
  await page.getByRole('link', { name: url }).click()
  await page.getByText('Nothing was to be sent yet.').waitFor()
  await button('Send a test').click()
  const delivery = page.getByRole('row').filter({ hasText: 'A test' })
  await delivery.getByText('Delivered').waitFor()
  await expect.poll(() => delivery.textContent()).toMatch(/_testDelivered1204\d+ s agonone/)
  await isAccessible(page)
  await button('Disable').click()
  await button('Yes, disable it').click()
  await button('Enable').waitFor()
  expect(await button('Send a test').getAttribute('aria-disabled')).toBe('true')
  await button('Delete').click()
  await button('Yes, delete it').click()
  await page.getByText('No webhook was made yet.').waitFor()
  receiver.close()
})

test('KV is browsed and changed, and a value that somebody else wrote meanwhile is not overwritten', async () => {
  await view('Memory').click()
  await page.getByText('Nothing is kept here yet.').waitFor()
  await page.getByLabel('Namespace', { exact: true }).fill('workflow')
  await page.getByLabel('Key', { exact: true }).fill('run/1')
  await page.getByLabel('Value, as JSON').fill('{"stage": ')
  await page.getByText('This is not JSON yet: the text ends where a value').first().waitFor()
  await page.getByLabel('Value, as JSON').fill('{"stage": 9007199254740993}')
  await page.getByText('stage: no double is this whole number').first().waitFor()
  await view('Limits').click()
  await page.goBack()
  await expect.poll(() => page.getByLabel('Value, as JSON').inputValue()).toBe('{"stage": 9007199254740993}')
  await page.getByLabel('Value, as JSON').fill('{"stage": 1}')
  await page.getByLabel('Expires after (seconds)').fill('3600')
  await button('Write it').click()
  await page.getByRole('link', { name: 'run/1' }).click()
  const form = page.getByRole('form', { name: 'Value of run/1' })
  const value = form.getByLabel('Value, as JSON')
  await expect.poll(() => value.inputValue()).toBe('{\n  "stage": 1\n}')
  expect(Number(await form.getByLabel('Expires after (seconds)').inputValue())).toBeGreaterThan(3_000)
  await isAccessible(page)
  await put('/kv/workflow/run%2F1', JSON.stringify({ value: { stage: 2 } }))
  await value.fill('{"stage": 9}')
  await button('Save this version').click()
  await form.getByText('Somebody has written version 2 since; what you typed is kept').waitFor()
  await expect.poll(() => value.inputValue()).toBe('{"stage": 9}')
  await expect
    .poll(() => form.getByRole('region', { name: 'Version 2, as it is now' }).textContent())
    .toContain('"stage": 2')
  await isAccessible(page)
  await button('Drop what I typed and take version 2').click()
  await eventuallySeen(
    'the value',
    () => value.inputValue(),
    (text) => text.includes('2'),
  )
  await value.fill('{"stage": 3}')
  await button('Save this version').click()
  await form.getByText('Version 3').waitFor()
  await button('Delete run/1').click()
  await button('Yes, delete it').click()
  await page.getByText('No key here begins so.').waitFor()
})

test('a blob is uploaded and comes back as it was; an array shows its first values exactly', async () => {
  await page.getByRole('link', { name: 'Blobs' }).click()
  await page.getByLabel('File').setInputFiles({ name: 'table.csv', mimeType: 'text/csv', buffer: Buffer.from('1,2\n') })
  await page.getByLabel('Name', { exact: true }).fill('reports/table.csv')
  await button('Upload it').click()
  await page.getByText(/^reports\/table\.csv is there, 4 bytes/).waitFor()
  const blob = page.getByRole('row').filter({ hasText: 'reports/table.csv' })
  await expect.poll(() => blob.textContent()).toMatch(/4 bytestext\/csv/)
  const [file] = await Promise.all([page.waitForEvent('download'), blob.getByRole('link').click()])
  expect(readFileSync(await file.path(), 'utf8')).toBe('1,2\n')
  await button('Upload it').click()
  await expect
    .poll(() => page.getByRole('alert').textContent())
    .toContain('Tick “Replace what has this name” to write over it')
  await isAccessible(page)

  await put('/vmem/wide?dtype=u64&shape=2', new Uint8Array(16).fill(255), 'application/octet-stream')
  await page.getByRole('link', { name: 'Arrays' }).click()
  await button('First 12 values, wide@1').click()
  await page.getByText('18446744073709551615, 18446744073709551615').waitFor()
  await isAccessible(page)
  await button('Delete wide@1').click()
  await button('Yes, delete it').click()
  await page.getByText('No array begins so.').waitFor()
})

test('no script failed, and the policy of the page was kept', () => expect(faults).toEqual([]))
