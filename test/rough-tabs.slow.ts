// Tabs of a real browser are closed, crash and freeze at drawn moments while jobs run. A closed one's shards are
// somebody else's at once, a frozen one's when its lease is over; it comes back and works on, or finds that it was given
// up and joins again. Every job ends with the bits of the reference.
import { expect, onTestFinished, test } from 'vitest'
import { LEASE_MS_MIN } from '@forge/server/hub/core/limits.ts'
import { diceOf, type Dice } from './support/dice.ts'
import { eventually } from './support/eventually.ts'
import { History } from './support/history.ts'
import { startPool, type Pool } from './support/pool.ts'
import { frozenTab, rendererFinder } from './support/renderers.ts'
import { roughJobs } from './support/rough-jobs.ts'
import { openBrowser, type Tab } from './support/tabs.ts'

const TABS = 3
const CLIENTS = 2
/** More than there is time for: the clients stop asking for new ones when the events are over. */
const JOBS_MAX = 200

interface Seat {
  readonly tab: Tab
  /** The process that computes for it. */
  readonly pid: number
}

const EVENTS = ['closed', 'closed', 'crashed', 'frozen for a moment', 'frozen for a moment', 'frozen beyond its lease']

// Frozen for good and worked by signals to processes whose threads are read from /proc.
test.runIf(process.platform === 'linux')('tabs close, crash and freeze', { timeout: 240_000 }, async () => {
  const [browser, pool] = await Promise.all([openBrowser(), startPool({ FORGE_REFEREE: 'on' })])
  onTestFinished(() => browser.close())
  onTestFinished(() => pool.close())
  const newRenderer = await rendererFinder(browser)
  const open = async (): Promise<Seat> => {
    const [tab] = await pool.tabs(browser, { engine: 'wasm' })
    if (tab === undefined) throw new Error('no tab was opened')
    return { tab, pid: await newRenderer() }
  }
  const seats: Seat[] = []
  // One after another: each is known by the process that is new with it.
  while (seats.length < TABS) seats.push(await open())

  let over = false
  const history = new History(pool.client)
  const jobs = roughJobs(diceOf('tabs: jobs'), 'tabs', JOBS_MAX, { agents: TABS - 1, yearsMax: 8_000_000 })
  const following = history.followAll(
    jobs,
    CLIENTS,
    (client) => diceOf(`tabs: client ${client}`),
    () => over,
  )
  // Its failure is told below, where it is awaited.
  following.catch(() => undefined)

  const dice = diceOf('tabs: events')
  for (const event of shuffled(dice, EVENTS)) {
    await moreAnswers(history, dice.int(1, 40))
    const place = dice.int(0, TABS - 1)
    const seat = seats[place]
    if (seat === undefined) throw new Error(`nobody sits on ${place}`)
    console.log(`tab ${place} is ${event}; ${history.ended} jobs had ended`)
    if (event === 'closed') await seat.tab.close()
    if (event === 'crashed') process.kill(seat.pid, 'SIGKILL')
    if (event === 'closed' || event === 'crashed') {
      await agentsOnline(pool, TABS - 1)
      seats[place] = await open()
      continue
    }
    const since = performance.now()
    await frozenTab(seat.pid, async () => {
      await moreAnswers(history, dice.int(1, 20))
      if (event === 'frozen for a moment') return
      // By now it was given all that it may hold, and what runs cannot end without that.
      const { running } = history
      await eventually(
        'the end of its first lease, and of the jobs that ran meanwhile',
        () => running.filter((job) => history.running.includes(job)),
        (left) => left.length === 0 && performance.now() - since > LEASE_MS_MIN,
      )
    })
    console.log(`it was frozen for ${Math.round(performance.now() - since)} ms`)
    await seat.tab.ready()
  }

  // Silent for so long that the Hub hangs up: the tab finds out when it wakes.
  const [last] = seats
  if (last === undefined) throw new Error('there are no tabs')
  await frozenTab(last.pid, () => agentsOnline(pool, TABS - 1))
  await agentsOnline(pool, TABS)
  await last.tab.ready()
  // The tally is of its new session, and comes when that has shards to its name.
  const accepted = await last.tab.accepted()
  await eventually(
    'shards of the tab that was given up',
    () => last.tab.accepted(),
    (now) => now !== accepted,
  )

  over = true
  await following
  console.log(`${history.ended} jobs ended`)
  await history.expectNothingLost()
  expect([...history.problems.keys()]).toEqual([])
})

const moreAnswers = async (history: History, shards: number): Promise<void> => {
  const before = history.answered
  await eventually(
    'more answers',
    () => history.answered,
    (answered) => answered >= before + shards,
  )
}

const agentsOnline = async (pool: Pool, wanted: number): Promise<void> => {
  await eventually(
    'agents online',
    () => pool.server.hub.agentsOnline,
    (agents) => agents === wanted,
  )
}

function shuffled<T>(dice: Dice, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: dice.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
