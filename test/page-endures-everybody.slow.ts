// Everybody can use the page in every state: axe finds nothing, and the keyboard alone is enough.
import { launchBrowser } from '../scripts/machine/browser.ts'
import { expect, test } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { expectAccessible, focusOf, walkTo } from './support/accessible.ts'
import { smallContract } from './support/contract.ts'
import { BATTERY, pageStories, years } from './support/page-stories.ts'
import type { Volunteer } from './support/volunteer.ts'

const stories = pageStories()

test('axe finds nothing while it works, is paused, waits for another tab, was refused an engine or a shard', async () => {
  const context = await stories.browser.newContext()
  await context.addInitScript(BATTERY)
  // With software alone its WebGPU is refused.
  const tab = await stories.come('/?threads=1', context)
  await tab.press('Start')
  await tab.word('Idle')
  const said = await tab.page.getByRole('region', { name: 'Self-test' }).textContent()
  expect(said).toContain('refused')
  await expectAccessible(tab.page, 'an engine was refused')
  const id = await stories.pool.client.begin(years(9_000_000_000))
  await tab.word('Working')
  await tab.accepted(1)
  await expectAccessible(tab.page, 'working')
  await tab.word('Working')
  const second = await stories.come('/?threads=1', context)
  await second.press('Start')
  await second.says('Another tab of this browser works already.')
  await expectAccessible(second.page, 'a second tab')
  await second.page.close()
  await tab.page.evaluate('charge(false)')
  await tab.says('This machine is on battery')
  await expectAccessible(tab.page, 'paused')
  await tab.page.evaluate('charge(true)')
  await tab.word('Working')
  await stories.cancel(id)
  await rejectOne(tab)
  await expectAccessible(tab.page, 'a shard was rejected')
})

test('axe finds nothing where no engine works', async () => {
  const bare = await launchBrowser({ webgpu: false })
  try {
    const tab = await stories.come('/?engine=webgpu', await bare.newContext())
    await tab.press('Start')
    await tab.says('No engine of this machine can work here.')
    await expectAccessible(tab.page, 'no engine works')
  } finally {
    await bare.close()
  }
})

test('by the keyboard alone: Start, another share, Finish; where it is can be seen all the way', async () => {
  const tab = await stories.come()
  const { page } = tab
  await walkTo(page, 'Start')
  await page.keyboard.press('Enter')
  await tab.word('Idle')
  expect((await focusOf(page)).name).toBe('Start')
  await walkTo(page, /CPU share/)
  const share = page.getByRole('slider', { name: /CPU share/ })
  const before = Number(await share.inputValue())
  await page.keyboard.press('ArrowRight')
  expect(Number(await share.inputValue())).toBe(before + 5)
  await tab.page.getByText(`asked ${before + 5} %`).waitFor()
  expect((await focusOf(page)).name).toMatch(/CPU share/)
  await walkTo(page, /Data cap/)
  await page.keyboard.type('7')
  await walkTo(page, 'Finish', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tab.word('Stopped')
  expect((await focusOf(page)).name).toBe('Finish')
  const kept = await page.evaluate<string>("localStorage.getItem('forge-pool.settings')")
  expect(JSON.parse(kept)).toMatchObject({ preset: null, cpu: before + 5, dataCapMb: 7 })
})

/** As the Hub writes it when two others agree on another answer than this tab's. */
async function rejectOne(tab: Volunteer): Promise<void> {
  const { job_id } = await stories.pool.client.run(years(1_000_000))
  const { store } = stories.pool.server
  const [executor] = await store.executorsOf(job_id as JobId)
  const [mine] = await store.submissions(job_id as JobId)
  if (executor === undefined || mine === undefined) throw new Error('nobody worked')
  const jobId = (await stories.pool.client.begin(smallContract({ policy: { target: 'gpu' } }))) as JobId
  const [wrong, right] = ['b', 'd'].map((digit) => digit.repeat(64) as Digest) as [Digest, Digest]
  const none = { submissions: [], partials: [], verdicts: [], voids: [], quarantines: [], releases: [], standings: [] }
  await store.writeShards({
    ...none,
    submissions: [{ ...mine, jobId, shard: 4, digest: wrong }],
    verdicts: [{ jobId, shard: 4, digest: right, confirmations: 2, trusted: false }],
  })
  await store.writeShards({
    ...none,
    voids: [{ jobId, shard: 4, executor, reason: 'another answer than two others gave' }],
  })
  await tab.press('Stop')
  await tab.word('Stopped')
  await tab.page.getByRole('region', { name: 'One shard was rejected' }).waitFor()
}
