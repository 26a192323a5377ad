// The volunteer's page: puts together what the tab does, what was set and what the pool says, and draws it. What it asks
// the pool beside the agent's socket is asked while somebody looks.
import type { AgentRecordView, PoolView } from '@forge/shared/contract/agent-record.ts'
import { render } from 'preact'
import { lastHour } from './last-hour.ts'
import { lastRefusal } from './last-refusal.ts'
import { isResumed } from './new-version.ts'
import { readOptions, shownAddress } from './options.ts'
import { amountOf, defaultSettings, readSettings, type Settings } from './settings.ts'
import { isMetered, keep } from './surroundings.ts'
import { Tab, type TabState } from './tab.ts'
import { JOIN, KEY } from './text.ts'
import { tokenHolder, type TokenHolder } from './token-holder.ts'
import { App } from './views/app.tsx'
import { wordOf } from './views/head.tsx'
import type { Acts } from './views/page-props.ts'

const SETTINGS_KEY = 'forge-pool.settings'
const TOKEN_KEY = 'forge-pool.token'
const SPEEDS_MAX = 61
const LOOK_MS = 1000
/** The record changes when a job ends; a minute is soon enough. */
const RECORD_MS = 60_000

const cores = Math.max(1, navigator.hardwareConcurrency)
const kept = readSettings(stored(localStorage, SETTINGS_KEY), defaultSettings(cores, isMetered()))
const options = readOptions(
  location.search,
  kept.workers,
  location.hash,
  stored(sessionStorage, TOKEN_KEY) ?? undefined,
)
let settings: Settings = { ...kept, ...(options.preset ? amountOf(options.preset, cores) : {}) }
let pool: PoolView | undefined
let record: AgentRecordView | undefined
let holder: TokenHolder | undefined
/** When the pool is asked next whose the token is. */
let holderDueMs = -Infinity
let recordedMs = -Infinity
/** When the record that is shown was asked for. */
let heardMs = -Infinity
let speeds: readonly number[] = []
let keyNotice = ''
const hour = lastHour()
const refusals = lastRefusal(sessionStorage)

// A reload of this tab still has the token that the address bar does not show.
const address = shownAddress(location.pathname, location.search, location.hash)
if (address !== undefined) history.replaceState(null, '', address)
if (options.token) sessionStorage.setItem(TOKEN_KEY, options.token)
// The whole link, pasted over the cut one: no browser loads the page again for that.
window.addEventListener('hashchange', () => location.reload())

const tab = new Tab(options, settings, options.token, changed)
const acts: Acts = {
  start: () => tab.start(),
  finish: () => tab.finish(),
  stop: () => tab.stop(),
  goOn: () => tab.goOn(),
  takeOver: () => tab.takeOver(),
  reload: () => tab.reload(),
  exportKey: () =>
    void import('./account.ts').then(async ({ exportKey }) =>
      tellOfKey((await exportKey()) ? KEY.exported : KEY.locked),
    ),
  importKey: (file) =>
    void import('./account.ts').then(async ({ importKey }) => {
      const isKey = await importKey(file)
      tellOfKey(isKey ? `${KEY.imported} ${KEY.replaced}` : KEY.notAKey)
      if (isKey) refusals.forget()
      if (isKey) void askRecord()
    }),
}

let shown: TabState = tab.state

function changed(next: TabState): void {
  const before = shown
  shown = next
  note()
  if (next.joined) refusals.forget()
  if (next.state === 'refused' && before.state !== 'refused') {
    refusals.heard(next.why, Date.now())
    askHolderAgain()
  }
  if (before.state !== next.state || before.tally.rejected !== next.tally.rejected) void askRecord()
  if (before.connected !== next.connected) void askPool()
  draw()
}

/** What it does goes into the last hour. */
function note(): void {
  const { state, pause, started, why } = shown
  const works = state === 'working' || state === 'finishing' || state === 'selftest'
  const doing = works ? 'work' : !started || state === 'ready' ? undefined : pause === undefined ? 'idle' : 'paused'
  hour.add(performance.now(), doing, doing === 'work' ? '' : why)
}

function draw(): void {
  document.documentElement.dataset['state'] = shown.state
  document.documentElement.dataset['engine'] = shown.engine ?? ''
  // Nobody looks: drawn again when somebody does.
  if (document.hidden) return
  document.title = `${wordOf(shown)} · Forge Pool`
  const nowMs = performance.now()
  const root = document.getElementById('page')
  if (root === null) throw new Error('the page has no root')
  render(
    <App
      {...{ tab: shown, settings, set, options, cores, acts, pool, holder, record, speeds, nowMs, keyNotice }}
      hour={hour.read(nowMs)}
      refusedBefore={refusals.before(shown.why)}
    />,
    root,
  )
}

function set(change: Partial<Settings>): void {
  settings = { ...settings, ...change }
  keep(SETTINGS_KEY, JSON.stringify(settings))
  tab.apply(settings)
}

function tellOfKey(notice: string): void {
  keyNotice = notice
  draw()
}

async function askRecord(): Promise<void> {
  const askedMs = performance.now()
  recordedMs = askedMs
  const { fetchRecord } = await import('./account.ts')
  const found = await fetchRecord()
  // One that was asked for later may have come before.
  if (askedMs < heardMs) return
  heardMs = askedMs
  record = found ?? record
  draw()
}

async function askPool(): Promise<void> {
  try {
    const response = await fetch('/agent/pool')
    // Of the same build as this page.
    if (response.ok) pool = (await response.json()) as PoolView
  } catch {
    // What was said before stays; the state says that the pool cannot be reached.
  }
  draw()
}

/** Once it is known it stays: a token is of one pool. */
async function askHolder(): Promise<void> {
  if (options.token === undefined || performance.now() < holderDueMs) return
  holderDueMs = performance.now() + RECORD_MS
  const found = await tokenHolder(options.token, (...of) => fetch(...of), Date.now)
  if (found === undefined) return
  if (!isKnown(holder) || isKnown(found)) holder = found
  holderDueMs = 'againMs' in found ? performance.now() + found.againMs - Date.now() : Infinity
  if ('refused' in found) {
    refusals.forget()
    tab.bar(JOIN.refused(found.refused))
  }
  draw()
}

const isKnown = (found: TokenHolder | undefined): boolean => found !== undefined && !('againMs' in found)

/** A token that let this agent in may have been revoked since. */
function askHolderAgain(): void {
  // Where it is not known yet, it is asked when it is due.
  if (holderDueMs === Infinity) holderDueMs = -Infinity
  void askHolder()
}

function look(): void {
  if (shown.running || speeds.some((speed) => speed > 0)) {
    speeds = [...speeds, shown.unitsPerSecond].slice(-SPEEDS_MAX)
    note()
    draw()
  }
  if (document.hidden) return
  void askHolder()
  if (performance.now() - recordedMs < RECORD_MS) return
  void askRecord()
  void askPool()
}

function stored(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key)
  } catch {
    return null
  }
}

if (options.barred) tab.bar(options.barred)
draw()
void askHolder()
setInterval(look, LOOK_MS)
document.addEventListener('visibilitychange', draw)
if (options.autostart || isResumed()) tab.start()
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js').catch(() => {})
requestIdleCallback(look)
