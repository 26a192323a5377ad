// HQ in a browser profile of its own, as a person opens it.
import type { Page } from 'playwright-core'
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
  await page.goto(address)
  return page
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Project key or admin token').fill(key)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}
