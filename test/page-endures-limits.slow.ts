// What a volunteer's tab leaves alone: no more data than the cap allows, and the screen awake only while it works and only
// where that is wanted.
import type { BrowserContext } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { eventually } from './support/eventually.ts'
import { BATTERY, pageStories, WASM, years } from './support/page-stories.ts'
import type { Volunteer } from './support/volunteer.ts'

const stories = pageStories()

describe('the data cap', () => {
  const cap = (tab: Volunteer) => tab.page.getByRole('textbox', { name: /Data cap/ })
  const set = async (tab: Volunteer, megabytes: string): Promise<void> => {
    await cap(tab).fill(megabytes)
    await cap(tab).blur()
  }
  const used = async (tab: Volunteer): Promise<number> => {
    const said = (await tab.page.getByText(/MB used today/).textContent()) ?? ''
    return Number(said.match(/([\d.]+) MB used today/)?.[1])
  }
  const USED_UP = 'The data of today is used up, by the cap that you set.'

  /** Half a megabyte was used before: this browser's page says so to the next one. */
  const comeWithLittleLeft = async (context: BrowserContext): Promise<Volunteer> => {
    const tab = await stories.come(WASM, context)
    await tab.page.evaluate(
      "localStorage.setItem('forge-pool.data', JSON.stringify({ day: new Date().toDateString(), bytes: 500_000 }))",
    )
    await tab.page.reload()
    await eventually(
      'the page',
      () => tab.page.evaluate<boolean>("document.querySelectorAll('button').length > 0"),
      Boolean,
    )
    return tab
  }

  test('it stops at it and says why; goes on with a higher one, and the next day', async () => {
    const tab = await comeWithLittleLeft(await stories.browser.newContext())
    await set(tab, '1')
    await tab.press('Start')
    const id = await stories.pool.client.begin(years(9_000_000_000))
    await tab.says(USED_UP)
    await tab.word('Idle')
    await stories.online(0)
    const first = await used(tab)
    console.log(`stopped at a cap of 1 MB after ${first} MB`)
    expect(first).toBeGreaterThanOrEqual(1)
    expect(first).toBeLessThanOrEqual(1.1)
    await set(tab, '2')
    await stories.online(1)
    await tab.word('Working')
    await set(tab, '1')
    await tab.says(USED_UP)
    await stories.online(0)
    await tab.page.clock.setFixedTime(Date.now() + 24 * 3_600_000)
    await stories.online(1)
    await tab.word('Working')
    expect(await used(tab)).toBeLessThan(1)
    await tab.press('Stop')
    await stories.cancel(id)
  })

  test('it is the browser’s: a second tab that takes over has used what the first one used', async () => {
    const context = await stories.browser.newContext()
    const first = await comeWithLittleLeft(context)
    await set(first, '1')
    const second = await stories.come(WASM, context)
    await first.press('Start')
    await stories.online(1)
    await second.press('Start')
    await second.says('Another tab of this browser works already.')
    const id = await stories.pool.client.begin(years(9_000_000_000))
    await first.says(USED_UP)
    // With work, the second would use up a megabyte of its own.
    await stories.cancel(id)
    await first.page.goto('about:blank')
    await second.says(USED_UP)
    await stories.online(0)
    expect(await used(second)).toBeGreaterThanOrEqual(1)
  })
})

test('the screen is kept awake while it works, if that is wanted, and no longer', async () => {
  const context = await stories.browser.newContext()
  await context.addInitScript(`
    window.awake = { asked: 0, held: 0 }
    const request = async () => {
      awake.asked += 1
      await new Promise((granted) => (window.grant = granted))
      awake.held += 1
      const lock = Object.assign(new EventTarget(), { released: false, release: async () => {
        if (!lock.released) awake.held -= 1
        lock.released = true
      } })
      return (window.lock = lock)
    }
    Object.defineProperty(navigator, 'wakeLock', { value: { request } })
  `)
  await context.addInitScript(BATTERY)
  const tab = await stories.come(WASM, context)
  const counts = (what: 'asked' | 'held') => tab.page.evaluate<number>(`awake.${what}`)
  const is = (what: 'asked' | 'held', wanted: number) =>
    eventually(
      what,
      () => counts(what),
      (seen) => seen === wanted,
    )
  const grant = () => tab.page.evaluate('grant()')
  const wish = tab.page.getByRole('checkbox', { name: /Keep the screen awake/ })
  await tab.press('Start')
  await tab.word('Idle')
  expect(await counts('asked')).toBe(0)
  await wish.check()
  await is('asked', 1)
  await grant()
  await is('held', 1)
  await wish.uncheck()
  await is('held', 0)
  await wish.check()
  await is('asked', 2)
  await grant()
  await is('held', 1)
  // A pause lets it go, and its end takes it again.
  await tab.page.evaluate('charge(false)')
  await tab.says('This machine is on battery')
  await is('held', 0)
  await tab.page.evaluate('charge(true)')
  await is('asked', 3)
  await grant()
  await is('held', 1)
  // The browser takes it from a hidden tab; when somebody looks again, it is asked for again.
  await tab.page.evaluate("lock.release().then(() => document.dispatchEvent(new Event('visibilitychange')))")
  await is('asked', 4)
  // Whoever stops before it is granted does not hold it afterwards.
  await tab.press('Stop')
  await tab.word('Stopped')
  await grant()
  await is('held', 0)
  await tab.press('Start')
  await tab.word('Idle')
  await is('asked', 5)
  await grant()
  await is('held', 1)
  await tab.press('Finish')
  await tab.word('Stopped')
  await is('held', 0)
})
