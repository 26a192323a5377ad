// A volunteer at the page: reads and presses what a person reads and presses, by role and label.
import type { BrowserContext, Page } from 'playwright-core'
import { eventuallySeen } from './eventually.ts'

export interface Volunteer {
  readonly page: Page
  /** What the page threw, and what its policy forbade. */
  readonly failures: readonly string[]
  press(name: string): Promise<void>
  /** Whether a button does something when it is pressed. */
  usable(name: string): Promise<boolean>
  /** Waits until the state is that word. */
  word(said: string): Promise<void>
  /** The sentence beside the state. */
  says(words: string): Promise<void>
  /** What stands beside a term of the page's lists. */
  fact(term: string): Promise<string>
  /** Waits until the count of accepted shards is so great. */
  accepted(least: number): Promise<number>
}

export async function visit(context: BrowserContext, url: string): Promise<Volunteer> {
  const page = await context.newPage()
  const failures: string[] = []
  page.on('pageerror', (error) => failures.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy/i.test(message.text())) failures.push(message.text())
  })
  await page.goto(url)
  const tab = page.getByRole('region', { name: 'This tab' })
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const textOf = async (locator: ReturnType<Page['locator']>): Promise<string> => (await locator.textContent()) ?? ''
  const fact = (term: string): Promise<string> =>
    textOf(page.locator('dt', { hasText: term }).first().locator('xpath=following-sibling::dd[1]'))
  return {
    page,
    failures,
    press: (name) => button(name).click(),
    usable: async (name) => (await button(name).getAttribute('aria-disabled')) !== 'true',
    async word(said) {
      await eventuallySeen(
        'the state’s word',
        () => textOf(page.getByRole('status').first()),
        (seen) => seen === said,
      )
    },
    async says(words) {
      await eventuallySeen(
        'the sentence',
        () => textOf(tab),
        (seen) => seen.includes(words),
      )
    },
    fact,
    async accepted(least) {
      const count = (text: string): number => Number(text.replaceAll(',', ''))
      const seen = await eventuallySeen(
        'accepted shards',
        () => fact('Accepted'),
        (text) => count(text) >= least,
      )
      return count(seen)
    },
  }
}
