// What a volunteer sets on the page, and what then holds: pauses, kinds of work, what is kept for next time, one working tab
// a browser, a pool by link, and a key to take along.
import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { API_KEY } from './support/client.ts'
import { smallContract } from './support/contract.ts'
import { eventually, eventuallySeen } from './support/eventually.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'
import { visit, type Volunteer } from './support/volunteer.ts'

const WASM = '/?engine=wasm&threads=1'
const ADMIN_TOKEN = 'the-operators-token-of-the-story'

let browser: OpenBrowser
let pool: Pool
let visited: Volunteer[] = []

beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool({ FORGE_ADMIN_TOKEN: ADMIN_TOKEN })])
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  expect(
    visited.flatMap(({ failures }) => failures),
    'errors in the page',
  ).toEqual([])
  visited = []
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

async function come(address = WASM, context?: BrowserContext): Promise<Volunteer> {
  const tab = await visit(context ?? (await browser.newContext()), `${pool.url}${address}`)
  visited.push(tab)
  return tab
}

const run = () => pool.client.run(smallContract({ policy: { verify: 'none' } }))
const online = (wanted: number) =>
  eventually(
    'agents online',
    () => pool.server.hub.agentsOnline,
    (agents) => agents === wanted,
  )

test('on battery it pauses, says why, and works for this time when asked to; the charger ends the pause', async () => {
  const context = await browser.newContext()
  await context.addInitScript(`
    const battery = Object.assign(new EventTarget(), { charging: false })
    navigator.getBattery = async () => battery
    window.charge = (charging) => Object.assign(battery, { charging }).dispatchEvent(new Event('chargingchange'))
  `)
  const tab = await come(WASM, context)
  const charging = (is: boolean) => tab.page.evaluate(`charge(${is})`)
  await tab.press('Start')
  await tab.word('Idle')
  await tab.says('This machine is on battery, and you asked to pause then.')
  await online(0)
  await tab.press('Work on battery')
  await online(1)
  await charging(true)
  await charging(false)
  // What was waived was waived for that time.
  await tab.says('This machine is on battery')
  await online(0)
  await charging(true)
  await run()
  await tab.accepted(1)
  await tab.press('Stop')
  await tab.word('Stopped')
})

test('settings are kept: preset, pauses, cap and kinds; with no kind of work there is no Start, and a reason', async () => {
  const context = await browser.newContext()
  const tab = await come('/', context)
  await tab.page.getByRole('radio', { name: 'Quiet' }).check()
  const cap = tab.page.getByRole('textbox', { name: /Data cap/ })
  await cap.fill('300')
  await cap.press('Tab')
  // A cap that cannot be meant takes none away.
  await cap.fill('-1')
  await cap.press('Tab')
  await tab.page.getByText('That was no whole number').waitFor()
  await tab.page.getByRole('textbox', { name: 'Name, optional' }).fill('Ada')
  await tab.page.getByRole('checkbox', { name: /insurance losses/ }).uncheck()
  expect(await tab.usable('Start')).toBe(false)
  await tab.says('Start: choose at least one kind of work below.')
  await tab.page.reload()
  await expect.poll(() => tab.page.getByRole('radio', { name: 'Quiet' }).isChecked()).toBe(true)
  await expect.poll(() => tab.page.getByRole('textbox', { name: /Data cap/ }).inputValue()).toBe('300')
  await expect.poll(() => tab.page.getByRole('textbox', { name: 'Name, optional' }).inputValue()).toBe('Ada')
  const kind = tab.page.getByRole('checkbox', { name: /insurance losses/ })
  await expect.poll(() => kind.isChecked()).toBe(false)
  await kind.check()
  await tab.press('Start')
  await tab.word('Idle')
  await expect.poll(() => tab.page.getByRole('slider', { name: /CPU share/ }).inputValue()).toBe('25')
  // While it runs, a kind that is taken away ends the work, and one that comes back begins it.
  await tab.page.getByRole('checkbox', { name: /insurance losses/ }).uncheck()
  await tab.says('No kind of work is chosen')
  await online(0)
  await tab.page.getByRole('checkbox', { name: /insurance losses/ }).check()
  await online(1)
})

test('what stands half typed stays while the tab works, and counts when it is left', async () => {
  const tab = await come(WASM)
  await tab.press('Start')
  await run()
  const cap = tab.page.getByRole('textbox', { name: /Data cap/ })
  await cap.click()
  await cap.pressSequentially('25')
  // As when the window is left for another one: the field still has the tab's focus.
  await cap.dispatchEvent('blur')
  // The count of shards is drawn: so is all else.
  await run()
  await tab.accepted(1 + (await tab.accepted(1)))
  expect(await cap.inputValue()).toBe('25')
  await cap.press('0')
  await cap.press('Enter')
  await tab.page.reload()
  await expect.poll(() => tab.page.getByRole('textbox', { name: /Data cap/ }).inputValue()).toBe('250')
})

test('of two tabs one works; the other waits, or takes over; who is sent away reads why, and again at the next Start', async () => {
  const context = await browser.newContext()
  const first = await come(WASM, context)
  await first.press('Start')
  await online(1)
  const second = await come(WASM, context)
  await second.press('Start')
  await second.says('Another tab of this browser works already.')
  await second.press('Work here instead')
  await first.word('Stopped')
  await first.says('Another tab of this browser took over')
  await run()
  await second.accepted(1)
  await first.press('Start')
  await first.says('Another tab of this browser works already.')
  await second.page.close()
  await run()
  await first.accepted(1)
  await online(1)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const fleet = await fetch(`${pool.url}/api/v0/operator/agents?connected=true`, { headers })
  const { agents } = (await fleet.json()) as { agents: { agent: string }[] }
  const body = JSON.stringify({ reason: 'looked at for r2' })
  await fetch(`${pool.url}/api/v0/operator/agents/${agents[0]?.agent}/quarantine`, { method: 'POST', headers, body })
  await first.word('Refused')
  await first.says('looked at for r2')
  await first.press('Start')
  await first.says('The operator keeps this identity away. It may try again in 24 h')
  await first.says('the pool said: “The operator took this agent out of the pool: looked at for r2')
})

test('a pool by link: nothing without its token, which leaves the address bar, is never in what is sent, and ends', async () => {
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
  const ask = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${pool.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(response.status).toBe(201)
    return response.json()
  }
  await ask('/api/v0/pools', { name: 'in-house' })
  const made = await ask('/api/v0/node-tokens', { name: 'Ada’s laptop', pool: 'in-house' })
  const { node_token, secret: token } = made as { node_token: { id: string }; secret: string }
  const context = await browser.newContext()
  const addresses: string[] = []
  context.on('request', (request) => addresses.push(request.url()))
  const link = `${pool.url}/?pool=in-house&engine=wasm&threads=1#token=${token}`
  const tab = await come(`/?pool=in-house&engine=wasm&threads=1&autostart=1#token=${token.slice(0, -4)}`, context)
  await tab.word('Cannot start')
  expect(tab.page.url()).not.toContain('ntk_')
  await tab.page.reload()
  await tab.says('The token at the end of this link is cut off or mistyped')
  expect(await tab.usable('Start')).toBe(false)
  await tab.page.goto(link.replace(/#.*/, ''))
  await tab.says('This link names a pool, and the pool’s token behind the # is missing.')
  // The same address but for what is behind the #: no browser loads it again by itself.
  await tab.page.goto(link)
  const whose = tab.page.getByRole('status', { name: 'Whom this tab works for' })
  await whose.getByText(/^With this link the tab works for the pool “in-house” /).waitFor()
  expect(new URL(tab.page.url()).hash).toBe('')
  await tab.page.goto(link.replace(/#.*/, '').replace('in-house', 'elsewhere'))
  await whose.getByText('pool “elsewhere”, but the pool of its token counts.').waitFor()
  await expect.poll(() => tab.page.getByRole('region', { name: 'This tab' }).textContent()).not.toContain('missing')
  await tab.press('Start')
  await tab.word('Idle')
  expect(await tab.fact('Pool')).toBe('in-house')
  const { hub } = await pool.client.run(smallContract({ policy: { verify: 'none', pool: 'in-house' } }))
  expect(hub.metrics.agents_used).toBe(1)
  expect(addresses.filter((address) => address.includes('ntk_'))).toEqual([])
  expect(await tab.page.content()).not.toContain(token)
  await tab.press('Stop')
  await tab.says('What was not finished went to others.')
  await whose.waitFor()
  await fetch(`${pool.url}/api/v0/node-tokens/${node_token.id}/revoke`, { method: 'POST', headers })
  await tab.press('Start')
  await tab.says('was revoked; ask for another one. Whoever gave you the link can give you a new one.')
  await tab.word('Refused')
  await expect.poll(() => whose.count()).toBe(0)
  expect(await tab.usable('Start')).toBe(false)
  await expect.poll(() => tab.page.getByRole('region', { name: 'Self-test' }).textContent()).not.toContain('testing')
  expect(pool.log.filter((line) => line.includes(token))).toEqual([])
})

test('credits and receipts are counted by a key, which can be exported and imported', async () => {
  const tab = await come()
  await tab.press('Start')
  await tab.word('Idle')
  const { job_id, hub } = await run()
  await tab.accepted(hub.metrics.shards)
  await tab.press('Stop')
  await tab.word('Stopped')
  const took = tab.page.getByRole('region', { name: 'What it went into' })
  await eventuallySeen(
    'the receipts',
    async () => (await took.textContent()) ?? '',
    (seen) => seen.includes(job_id) && seen.includes(`${hub.metrics.shards} of ${hub.metrics.shards} shards yours`),
  )
  const credits = await tab.fact('Credits')
  expect(Number(credits)).toBeGreaterThan(0)
  const [download] = await Promise.all([tab.page.waitForEvent('download'), tab.press('Export the key')])
  const file = await download.path()

  const other = await come()
  await other.press('Start')
  await other.word('Idle')
  expect(await other.usable('Import a key')).toBe(false)
  await other.press('Stop')
  await other.word('Stopped')
  await eventuallySeen('Import', () => other.usable('Import a key'), Boolean)
  const choose = other.page.getByLabel('A key file to import')
  await choose.setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{"kind":7}') })
  await other.page.getByText('That file is not a key').waitFor()
  await choose.setInputFiles(file)
  await other.page.getByText('This browser now works under the imported key.').waitFor()
  await eventuallySeen(
    'the credits',
    () => other.fact('Credits'),
    (seen) => seen === credits,
  )
})

test('a rejected shard stands there with both answers and the reason', async () => {
  const tab = await come()
  await tab.press('Start')
  await tab.word('Idle')
  const { job_id } = await run()
  await tab.accepted(1)
  const { store } = pool.server
  const [executor] = await store.executorsOf(job_id as JobId)
  const [mine] = await store.submissions(job_id as JobId)
  if (executor === undefined || mine === undefined) throw new Error('nobody worked')
  // As the Hub writes it when two others agree on another answer; this job waits for a GPU, which nobody here has.
  const jobId = (await pool.client.begin(smallContract({ policy: { target: 'gpu' } }))) as JobId
  const [wrong, right] = ['b', 'd'].map((digit) => digit.repeat(64) as Digest) as [Digest, Digest]
  const reason = 'another answer than two others gave'
  const none = { submissions: [], partials: [], verdicts: [], voids: [], quarantines: [], releases: [], standings: [] }
  await store.writeShards({
    ...none,
    submissions: [{ ...mine, jobId, shard: 4, digest: wrong }],
    verdicts: [{ jobId, shard: 4, digest: right, confirmations: 2, trusted: false }],
  })
  await store.writeShards({ ...none, voids: [{ jobId, shard: 4, executor, reason }] })
  await tab.press('Stop')
  await tab.word('Stopped')
  const rejected = tab.page.getByRole('region', { name: 'One shard was rejected' })
  await rejected.waitFor()
  await expect.poll(() => rejected.textContent()).toContain(`Shard 4 of job ${jobId}`)
  await expect.poll(() => rejected.textContent()).toContain(reason)
  await expect.poll(() => rejected.getByRole('img', { name: 'is not equal to' }).count()).toBe(1)
  for (const digest of [wrong, right]) await expect.poll(() => rejected.getByLabel(digest).count()).toBe(1)
})
