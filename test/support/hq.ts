// HQ in a browser profile of its own, as a person opens it.
import type { Page, Request } from 'playwright-core'
import { expect } from 'vitest'
import type { OpenBrowser } from './tabs.ts'

const VIEWPORT = { width: 1280, height: 900 }

/** `faults` takes what goes wrong in its console. A colour on its way from light to dark has no contrast, so nothing moves. */
export async function openHq(browser: OpenBrowser, address: string, faults: string[] = []): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: VIEWPORT, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    // A refusal, which the page shows, is written down by the browser as well.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  const asked = new Set<Request>()
  asking.set(page, asked)
  // A stream of events has no end.
  page.on('request', (request) => request.resourceType() === 'fetch' && asked.add(request))
  const over = (request: Request) => void asked.delete(request)
  page.on('requestfinished', over)
  page.on('requestfailed', over)
  await page.goto(address)
  return page
}

const asking = new WeakMap<Page, ReadonlySet<Request>>()

/** Everything that the view asks for at once has come and is drawn. */
export async function settled(page: Page): Promise<void> {
  // Effects, which ask, run behind a picture; what has come is in the one after it.
  const drawn = () =>
    page.evaluate('new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r))))')
  await drawn()
  await expect.poll(() => asking.get(page)?.size).toBe(0)
  await drawn()
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Project key or admin token').fill(key)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
