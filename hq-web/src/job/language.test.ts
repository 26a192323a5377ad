// A browser whose language is no language tag gets one; any other keeps its own.
import { expect, test } from 'vitest'
import { mendLanguage } from './language.ts'

/** As in a browser: the language is read by the prototype. */
class FakeBrowser {
  readonly #own: string
  constructor(own: string) {
    this.#own = own
  }
  get language(): string {
    return this.#own
  }
}

test.each([
  ['en-US@posix', 'en-GB'],
  ['C', 'en-GB'],
  ['', 'en-GB'],
  ['de-CH', 'de-CH'],
])('%s becomes %s', (own, then) => {
  const browser = new FakeBrowser(own)
  mendLanguage(browser)
  expect(browser.language).toBe(then)
  expect(() => new Intl.NumberFormat(browser.language)).not.toThrow()
})
