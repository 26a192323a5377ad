// What the page weighs, how soon it shows, and that everybody can use it: axe finds nothing in any state, light or dark, and
// the keyboard reaches all.
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectAccessible } from './support/accessible.ts'
import { smallContract } from './support/contract.ts'
import { startPool, type Pool } from './support/pool.ts'
import { openBrowser, type OpenBrowser } from './support/tabs.ts'
import { visit } from './support/volunteer.ts'

const SCRIPT_BYTES_MAX = 150_000
const FIRST_PAINT_MS_MAX = 1000

let browser: OpenBrowser
let pool: Pool
beforeAll(async () => {
  ;[browser, pool] = await Promise.all([openBrowser(), startPool()])
})
afterAll(async () => {
  await pool?.close()
  await browser?.close()
})

test('before Start: at most 150 kB of scripts compressed, and the first paint within a second', async () => {
  const context = await browser.newContext()
  const scripts: Promise<Buffer>[] = []
  context.on('response', (response) => {
    if (response.headers()['content-type']?.startsWith('text/javascript')) scripts.push(response.body())
  })
  const { page } = await visit(context, pool.url)
  await page.getByRole('button', { name: 'Start' }).waitFor()
  await page.waitForLoadState('networkidle')
  const bytes = (await Promise.all(scripts)).reduce((sum, script) => sum + gzipSync(script).length, 0)
  const paintMs = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime")
  console.log(`${bytes} bytes of scripts in ${scripts.length} files, first paint after ${Math.round(paintMs)} ms`)
  expect(bytes).toBeGreaterThan(0)
  expect(bytes).toBeLessThanOrEqual(SCRIPT_BYTES_MAX)
  expect(paintMs).toBeLessThan(FIRST_PAINT_MS_MAX)
  await context.close()
})

test('the page can be installed, and its service worker keeps no script and no engine', async () => {
  const context = await browser.newContext()
  const { page } = await visit(context, pool.url)
  const manifest = await page.evaluate<unknown>("fetch('/manifest.webmanifest').then((found) => found.json())")
  expect(manifest).toMatchObject({ start_url: '/', display: 'standalone' })
  const kept = await page.evaluate<string[]>(`(async () => {
    await navigator.serviceWorker.ready
    const names = await caches.keys()
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return requests.flat().map(({ url }) => new URL(url).pathname)
  })()`)
  expect(kept.toSorted()).toEqual(['/offline.css', '/offline.html'])
  await context.setOffline(true)
  await page.goto(pool.url)
  await page.getByRole('heading', { name: 'The pool cannot be reached' }).waitFor()
  await context.close()
})

test('axe finds no violation of WCAG 2.2 AA, and Tab comes to every control', async () => {
  const tab = await visit(await browser.newContext(), `${pool.url}/?engine=wasm&threads=1`)
  await expectAccessible(tab.page, 'ready')
  await tab.page.keyboard.press('Tab')
  const reached = new Set<string>()
  for (let n = 0; n < 30; n += 1) {
    const name = await tab.page.evaluate<string>(`(() => {
      const at = document.activeElement
      return (at.labels?.[0]?.textContent || at.getAttribute('aria-label') || at.textContent).trim()
    })()`)
    if (reached.has(name)) break
    reached.add(name)
    await tab.page.keyboard.press('Tab')
  }
  for (const name of ['Start', 'Finish', 'Stop', 'Balanced', 'Name, optional', 'Monte Carlo: insurance losses']) {
    expect([...reached]).toContain(name)
  }
  await tab.page.getByRole('button', { name: 'Start', exact: true }).focus()
  await tab.page.keyboard.press('Enter')
  await tab.word('Idle')
  await expectAccessible(tab.page, 'idle')
  const id = await pool.client.begin(smallContract({ policy: { verify: 'none' }, args: { iterations: 200_000_000 } }))
  await tab.word('Working')
  await tab.accepted(1)
  await tab.page.getByRole('checkbox', { name: 'Only at these hours' }).check()
  await expectAccessible(tab.page, 'working or paused by the hours')
  await tab.press('Stop')
  await tab.word('Stopped')
  await expectAccessible(tab.page, 'stopped')
  expect(tab.failures).toEqual([])
  await fetch(`${pool.url}/api/v0/jobs/${id}/cancel`, {
    method: 'POST',
    headers: { authorization: 'Bearer fpak_of_the_stories_told_in_test' },
  })
})
