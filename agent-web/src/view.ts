// Draws what is known of the agent into the page's elements. Whatever came from outside enters as text, never as markup.
import { ENGINE_LABELS, type EngineReport } from '@forge/shared/agent/engine-host.ts'
import type { AgentSnapshot, AgentWord } from '@forge/shared/agent/snapshot.ts'
import { createBench, type Bench } from './bench.ts'
import type { PageOptions } from './options.ts'

export type PageWord = 'ready' | AgentWord

export type View = Omit<AgentSnapshot, 'state'> & { readonly state: PageWord }

export interface Hands {
  start(): void
  finish(): void
  stop(): void
}

export const READY: View = {
  state: 'ready',
  why: 'No account, nothing to install.',
  connected: false,
  engine: undefined,
  lanes: 0,
  selfTests: [],
  assignment: undefined,
  unitsPerSecond: 0,
  tally: { accepted: 0, pending: 0, rejected: 0 },
  lastRefusal: undefined,
}

const WORDS: Record<PageWord, readonly [word: string, glyph: string]> = {
  ready: ['Ready to start', 'queued'],
  selftest: ['Self-test', 'running'],
  working: ['Working', 'running'],
  idle: ['Idle', 'idle'],
  finishing: ['Finishing', 'running'],
  stopped: ['Stopped', 'stopped'],
  refused: ['Refused', 'failed'],
}

/** `running`: there is an agent behind the view; an idle one without is idle for good. */
export function show(view: View, running: boolean, options: PageOptions, hands: Hands): void {
  const [word, glyph] = WORDS[view.state]
  document.documentElement.dataset['state'] = view.state
  document.documentElement.dataset['engine'] = view.engine ?? ''
  document.title = `${word} · Forge Pool`
  text('word', word)
  element('glyph').setAttribute('href', `#${glyph}`)
  text('why', [whyOf(view), ...options.mistakes].join(' ').trim())
  showButtons(view, running, hands)
  showAssignment(view)
  text('speed', speedText(view.unitsPerSecond))
  text('accepted', view.tally.accepted.toLocaleString('en'))
  text('pending', view.tally.pending.toLocaleString('en'))
  text('rejected', view.tally.rejected.toLocaleString('en'))
  showTests(view.selfTests)
  text('engine', engineText(view))
  text('connection', view.connected ? 'connected to the pool' : 'none')
  text('refusal', view.lastRefusal ?? 'none')
  text('power', powerText(options))
}

function whyOf(view: View): string {
  if (view.state !== 'working') return view.why
  return `Each mark below is one shard of a calculation, run on ${engineText(view)}.`
}

function engineText({ engine, lanes }: View): string {
  if (engine === undefined) return 'none'
  if (engine === 'webgpu') return 'WebGPU, the graphics chip'
  return `WASM, ${lanes} ${lanes === 1 ? 'worker' : 'workers'}`
}

function powerText({ engine, threads }: PageOptions): string {
  const cores = `${threads} ${threads === 1 ? 'core' : 'cores'} of your processor`
  const parts = { webgpu: 'Your graphics chip', wasm: cores, any: `Your graphics chip, or else ${cores}` }
  return `${parts[engine ?? 'any']}, as fast as it goes. A fan may turn, and a battery empties sooner.`
}

/** A button that does nothing says why, on the page and not only on hover. */
function showButtons({ state }: View, running: boolean, hands: Hands): void {
  const over = !running || state === 'stopped' || state === 'refused'
  const reasons: string[] = []
  button('start', over, hands.start, over)
  button('finish', !over && state !== 'finishing', hands.finish, false)
  button('stop', !over, hands.stop, false)
  if (!over) reasons.push('Start: this tab has started already.')
  if (over) reasons.push('Finish and Stop: nothing runs now.')
  else if (state === 'finishing') reasons.push('Finish: it is finishing. Stop ends at once.')
  else reasons.push('Finish completes the shards that have begun. Stop ends at once.')
  text('reasons', reasons.join(' '))
}

function button(id: string, enabled: boolean, act: () => void, main: boolean): void {
  const found = element(id)
  found.classList.toggle('main', main)
  found.setAttribute('aria-disabled', String(!enabled))
  found.setAttribute('aria-describedby', 'reasons')
  found.onclick = enabled ? act : null
}

let bench: Bench | undefined

function showAssignment({ assignment, state, engine }: View): void {
  const shards = assignment?.shards ?? []
  const canvas = element('bench')
  if (!(canvas instanceof HTMLCanvasElement)) throw new Error('the element bench is a canvas')
  bench ??= createBench(canvas)
  bench.show(shards, engine === 'wasm' ? 'disc' : 'square')
  canvas.classList.toggle('empty', shards.length === 0)
  const answered = shards.filter((shard) => shard.state === 'answered').length
  const running = shards.filter((shard) => shard.state === 'running').length
  const none = state === 'idle' || state === 'working' ? 'No shard here now' : 'No shard here'
  canvas.setAttribute(
    'aria-label',
    shards.length === 0 ? none : `${answered} of ${shards.length} shards answered, ${running} running`,
  )
  text('assignment', assignment ? `${shards.length} shards of ${assignment.kernel}` : none.toLowerCase())
}

const OUTCOMES = {
  running: ['running', 'running', 'is-now'],
  passed: ['passed', 'completed', 'is-ok'],
  refused: ['refused', 'failed', 'is-bad'],
  absent: ['not available here', 'idle', 'is-void'],
} as const satisfies Record<EngineReport['outcome'], readonly [string, string, string]>

let shownTests = ''

function showTests(reports: readonly EngineReport[]): void {
  const said = JSON.stringify(reports)
  if (said === shownTests) return
  shownTests = said
  element('tests').replaceChildren(
    ...reports.map(({ engine, outcome, detail }) => {
      const [word, glyph, colour] = OUTCOMES[outcome]
      const row = document.createElement('li')
      row.dataset['engine'] = engine
      row.dataset['outcome'] = outcome
      const state = tag('span', 'st', word)
      state.classList.add(colour)
      state.prepend(icon(glyph))
      row.append(tag('b', '', ENGINE_LABELS[engine]), state, tag('span', 'cap', detail))
      return row
    }),
  )
}

const SVG = 'http://www.w3.org/2000/svg'

function icon(glyph: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'g')
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS(SVG, 'use')
  use.setAttribute('href', `#${glyph}`)
  svg.append(use)
  return svg
}

function tag(name: string, className: string, content: string): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  made.textContent = content
  return made
}

/** 41.8 million reads better than 41,812,345. */
function speedText(unitsPerSecond: number): string {
  const [scale, word] = unitsPerSecond >= 1e9 ? [1e9, ' billion'] : unitsPerSecond >= 1e6 ? [1e6, ' million'] : [1, '']
  const digits = word === '' ? 0 : 1
  return `${(unitsPerSecond / scale).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${word}`
}

function text(id: string, content: string): void {
  const found = element(id)
  if (found.textContent !== content) found.textContent = content
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element ${id}`)
  return found
}
