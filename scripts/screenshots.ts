// `pnpm screenshots [FOLDER]`: every view of the volunteer's page and of HQ, light and dark, on a phone and on a wide screen,
// of jobs that have really run. The folder is `screenshots` unless said; a page that threw or broke its policy makes it
// fail. HQ's views are those that its navigation names, so that a new one is in the pictures by itself.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page, Request } from 'playwright-core'
import { launchBrowser } from './machine/browser.ts'
import { openWorld, until, type World } from './screenshots/world.ts'

const SIZES = { phone: { width: 390, height: 844 }, wide: { width: 1440, height: 900 } } as const
const SCHEMES = ['light', 'dark'] as const

const folder = path.resolve(process.argv[2] ?? 'screenshots')
const faults: string[] = []
/** Requests on their way, event streams apart, which have no end. */
const asking = new WeakMap<Page, Set<Request>>()
let taken = 0

await mkdir(folder, { recursive: true })
const launched = await launchBrowser()
try {
  const world = await openWorld(launched)
  try {
    await ofVolunteer(launched, world)
    await ofHq(launched, world)
  } finally {
    await world.close()
  }
} finally {
  await launched.close()
}
for (const fault of faults) console.error(fault)
console.log(`${taken} pictures in ${folder}`)
process.exit(faults.length === 0 ? 0 : 1)

async function ofVolunteer(browser: Browser, { url, volunteer, beginLong, linkOfPool, call }: World): Promise<void> {
  const fresh = await visit(browser, url)
  await fresh.getByRole('button', { name: 'Start', exact: true }).waitFor()
  await shoot(fresh, 'volunteer-before')
  await fresh.context().close()
  const invited = await visit(browser, await linkOfPool())
  await invited.getByText(/^With this link the tab works/).waitFor()
  await shoot(invited, 'volunteer-by-link')
  await invited.context().close()
  await shoot(volunteer, 'volunteer-idle')
  const job = await beginLong()
  await until('work', async () => (await volunteer.locator('#word').textContent()) === 'Working')
  await shoot(volunteer, 'volunteer-working')
  await call('POST', `/api/v0/jobs/${job}/cancel`)
}

async function ofHq(browser: Browser, { url, projectKey, adminToken, job, beginLong, call }: World): Promise<void> {
  const page = await visit(browser, `${url}/hq`)
  await shoot(page, 'hq-sign-in')
  await signIn(page, projectKey)
  for (const [name, href] of await views(page)) {
    await page.goto(url + href)
    await shoot(page, `hq-${name}`)
  }
  await page.goto(`${url}/hq/webhooks`)
  await page.getByRole('table').getByRole('link').first().click()
  await shoot(page, 'hq-webhook')
  await page.goto(`${url}/hq/jobs/${job}`)
  await shoot(page, 'hq-job')
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await page.getByRole('button', { name: 'Draw and run them', exact: true }).click()
  await page.getByText('Nothing is wrong.').waitFor()
  await shoot(page, 'hq-job-verified')
  for (const state of ['failed', 'cancelled']) {
    await page.goto(`${url}/hq/jobs?state=${state.toUpperCase()}`)
    await page.getByRole('table').getByRole('link').first().click()
    await page.getByRole('heading', { name: 'Receipt' }).waitFor()
    await shoot(page, `hq-job-${state}`)
  }
  const running = await beginLong()
  await page.goto(`${url}/hq/jobs/${running}`)
  await page.getByText('Running', { exact: true }).first().waitFor()
  await shoot(page, 'hq-job-running')
  await call('POST', `/api/v0/jobs/${running}/cancel`)
  await page.goto(`${url}/hq/nowhere`)
  await shoot(page, 'hq-not-found')
  await page.context().close()

  const operator = await visit(browser, `${url}/hq`)
  await signIn(operator, adminToken)
  for (const [name, href] of await views(operator)) {
    await operator.goto(url + href)
    await shoot(operator, `hq-operator-${name}`)
  }
  await operator.goto(`${url}/hq/projects`)
  await operator.getByRole('table').getByRole('link').first().click()
  await shoot(operator, 'hq-operator-project')
  await operator.context().close()
}

async function visit(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  const open = new Set<Request>()
  asking.set(page, open)
  page.on('request', (request) => {
    if (request.headers()['accept'] !== 'text/event-stream') open.add(request)
  })
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
  await page.goto(url)
  return page
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Project key or admin token').fill(key)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('navigation', { name: 'HQ' }).waitFor()
}

/** Their names as parts of file names, and their addresses. */
async function views(page: Page): Promise<[string, string][]> {
  const links = await page.getByRole('navigation', { name: 'HQ' }).getByRole('link').all()
  const found = await Promise.all(
    links.map(async (link): Promise<[string, string]> => [
      ((await link.textContent()) ?? '')
        .trim()
        .toLowerCase()
        .replaceAll(/[^a-z]+/g, '-'),
      (await link.getAttribute('href')) ?? '',
    ]),
  )
  return found.filter(([name, href]) => name !== '' && href.startsWith('/hq'))
}

async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport)
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await settled(page)
      await page.screenshot({ path: path.join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: true })
      taken++
    }
  }
}

/** Nothing is being loaded, and two frames have been drawn since. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState()
  await until('what it asked for', async () => (asking.get(page)?.size ?? 0) === 0)
  await page.evaluate('document.fonts.ready')
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
}
