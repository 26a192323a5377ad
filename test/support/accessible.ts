// What every view of HQ is held to, light and dark, wide and on a phone.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { eventually } from './eventually.ts'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** No violation of WCAG 2.2 AA, whichever theme the system asks for, and nothing wider than a phone. */
export async function isAccessible(tab: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme })
    const violations: unknown = await tab.evaluate(
      `(async () => { ${axe.source}; const { violations } = await axe.run(document, { runOnly: ${JSON.stringify(RULES)} });
        return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 120))]) })()`,
    )
    expect(violations, colorScheme).toEqual([])
  }
  await tab.setViewportSize({ width: 390, height: 844 })
  // Plots and the map are drawn anew for the width a moment later.
  await eventually(
    'the width on a phone, which does not scroll sideways',
    () => tab.evaluate('document.documentElement.scrollWidth'),
    (width) => width === 390,
  )
  await tab.setViewportSize({ width: 1280, height: 900 })
}
