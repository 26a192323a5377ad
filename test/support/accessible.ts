// What everybody needs to use a page: axe finds nothing in it, light or dark, and the keyboard comes to every control and
// shows where it is.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { eventuallySeen } from './eventually.ts'

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** More presses of a key than any page has controls. */
const PRESSES_MAX = 80
const OUTLINE_PX_MIN = 2
const WIDE = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }

const EVERYTHING = { type: 'tag', values: WCAG }
/** A scheme changes colours and nothing else (tokens.css), and these rules are about them; with FORGE_TEST_ALL=1 all are. */
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }
const all = process.env['FORGE_TEST_ALL'] === '1'

/** No violation of WCAG 2.2 AA in either colour scheme; `state` names it where there is one. */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  // The policy forbids to inject it as an element; to evaluate it, it does not. Half a megabyte, once a document.
  if (!(await page.evaluate<boolean>("typeof axe === 'object'"))) await page.evaluate(axe.source)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const found = await page.evaluate<string[]>(`axe
      .run(document, { runOnly: ${JSON.stringify(colorScheme === 'light' || all ? EVERYTHING : COLOURS)} })
      .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`)
    expect(found, `${state}, ${colorScheme}`).toEqual([])
  }
}

/** The same, and a phone need not scroll it sideways. */
export async function isAccessible(page: Page): Promise<void> {
  await expectAccessible(page, page.url())
  await page.setViewportSize(PHONE)
  // Plots and the map are drawn anew for the width a moment later.
  await eventuallySeen(
    'the width on a phone, which does not scroll sideways',
    () => page.evaluate('document.documentElement.scrollWidth'),
    (width) => width === PHONE.width,
  )
  await page.setViewportSize(WIDE)
}

export interface Focus {
  /** As a person would call it. */
  readonly name: string
  /** Pixels of the line around it, or around what stands for it. */
  readonly outlinePx: number
  readonly isInView: boolean
  /** Behind the last control the browser's own come, and then the first again. */
  readonly isNowhere: boolean
}

/** What the keyboard is at. */
export const focusOf = (page: Page): Promise<Focus> =>
  page.evaluate<Focus>(`(() => {
    const at = document.activeElement
    const name = (at.getAttribute('aria-label') || at.labels?.[0]?.textContent || at.textContent).trim()
    const lines = [at, at.closest('label')].map((shown) => {
      const { outlineStyle, outlineWidth } = shown ? getComputedStyle(shown) : { outlineStyle: 'none' }
      return outlineStyle === 'none' ? 0 : parseFloat(outlineWidth)
    })
    const { top, bottom } = at.getBoundingClientRect()
    return {
      name,
      outlinePx: Math.max(...lines),
      isInView: bottom > 0 && top < innerHeight,
      isNowhere: at === document.body,
    }
  })()`)

/** It shows that it has the focus, and is seen. */
function expectShown({ name, outlinePx, isInView }: Focus, where: string): void {
  expect(outlinePx, `the line around “${name}” at ${where}`).toBeGreaterThanOrEqual(OUTLINE_PX_MIN)
  expect(isInView, `“${name}” is in view at ${where}`).toBe(true)
}

/** Presses `key` until the control of that name has the focus; on the way every one shows that it has it. */
export async function walkTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let n = 0; n < PRESSES_MAX; n += 1) {
    await page.keyboard.press(key)
    const at = await focusOf(page)
    if (at.isNowhere) continue
    passed.push(at.name)
    expectShown(at, page.url())
    if (typeof name === 'string' ? at.name === name : name.test(at.name)) return
  }
  throw new Error(`${key} never came to ${String(name)}: ${passed.join(', ')}`)
}

/**
 * Tab alone comes to every control that is shown, and each shows that it has the focus. `settled` resolves when the page has what
 * it asked for: what is loaded late, or drawn anew, is wanted too.
 */
export async function expectAllByTab(page: Page, settled: () => Promise<void>): Promise<void> {
  await page.evaluate('window.reached = new WeakSet()')
  for (let n = 0; ;) {
    await settled()
    const left = await unreached(page)
    if (left.length === 0) return
    expect(n, `presses at ${page.url()}, and not come to: ${left.join(' ')}`).toBeLessThan(5 * PRESSES_MAX)
    for (const until = n + left.length; n < until; n++) {
      await page.keyboard.press('Tab')
      await page.evaluate('window.reached.add(document.activeElement)')
      const at = await focusOf(page)
      if (!at.isNowhere) expectShown(at, page.url())
    }
  }
}

/** The controls that are shown and that the keyboard has not come to. Of a group of radio buttons it comes to one. */
const unreached = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const isOne = (at) => at.type !== 'radio' || at.checked ||
      (document.querySelector('input[type=radio]:checked[name="' + at.name + '"]') === null &&
        document.querySelector('input[type=radio][name="' + at.name + '"]') === at)
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
      .filter((at) => at.checkVisibility({ visibilityProperty: true }) && !at.disabled && isOne(at))
      .filter((at) => !window.reached.has(at))
      .map((at) => at.outerHTML.slice(0, 120))
  })()`)
