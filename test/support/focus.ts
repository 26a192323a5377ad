// What has the focus in a page: the label of a field, or the text of anything else.
import type { Page } from 'playwright-core'

/** `nothing` where the page has lost it. */
export const focused = (tab: Page): Promise<string> =>
  tab.evaluate(
    `(({ activeElement: one, body }) => one === body ? 'nothing' : (one.labels?.[0] ?? one).textContent.trim())(document)`,
  )
