// Whether a view of HQ is for everybody: axe-core finds no violation of WCAG 2.2 AA in light and dark, and a phone need not
// scroll sideways.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const WIDE = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }

export async function isAccessible(tab: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme })
    const violations: unknown = await tab.evaluate(
      `(async () => { ${axe.source}; const { violations } = await axe.run(document, { runOnly: ${JSON.stringify(RULES)} });
        return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))]) })()`,
    )
    expect(violations, colorScheme).toEqual([])
  }
  await tab.setViewportSize(PHONE)
  await eventually(
    'the width on a phone, which does not scroll sideways',
    () => tab.evaluate('document.documentElement.scrollWidth'),
    (width) => width === PHONE.width,
  )
  await tab.setViewportSize(WIDE)
}
