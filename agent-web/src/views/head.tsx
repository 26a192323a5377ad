// The state in a word and a sentence, and what a hand can do about it.
import { ENGINE_LABELS } from '@forge/shared/agent/engine-host.ts'
import { takesAny } from '../pauses.ts'
import { ACTS, AGENT, HERO, JOIN, kindName, PAUSES, STATE, WORDS } from '../text.ts'
import type { TabState } from '../tab.ts'
import type { TokenHolder } from '../token-holder.ts'
import type { PageProps } from './page-props.ts'
import { Button, Icon, type Glyph, type Tone } from './parts.tsx'

const GLYPHS: Record<TabState['state'], readonly [Glyph, Tone]> = {
  ready: ['queued', 'is-void'],
  selftest: ['running', 'is-now'],
  working: ['running', 'is-now'],
  idle: ['idle', 'is-void'],
  finishing: ['running', 'is-now'],
  stopped: ['stopped', 'is-void'],
  refused: ['failed', 'is-bad'],
}

export const engineText = ({ engine, lanes }: TabState): string => {
  if (engine === undefined) return AGENT.none
  if (engine === 'webgpu') return AGENT.webgpu
  return engine === 'wasm' ? AGENT.wasm(lanes) : ENGINE_LABELS[engine]
}

const isBarred = (tab: TabState): boolean => tab.barred !== undefined && !tab.started && !tab.running

/** In a word: of a tab that was never refused by the Hub, but cannot start. */
export const wordOf = (tab: TabState): string =>
  isBarred(tab) && tab.state !== 'refused' ? WORDS.barred : WORDS[tab.state]

function whyOf(tab: TabState): string {
  if (isBarred(tab)) return tab.barred ?? ''
  if (tab.state === 'working')
    return STATE.working(kindName(tab.assignment?.kernel ?? lastKernel(tab)), engineText(tab))
  return tab.why
}

let kernel = ''
/** Between two assignments it is the one before. */
function lastKernel({ assignment }: TabState): string {
  if (assignment) kernel = assignment.kernel
  return kernel
}

export function Head(page: PageProps) {
  const { tab, options, refusedBefore } = page
  lastKernel(tab)
  const [glyph, tone] = GLYPHS[isBarred(tab) ? 'refused' : tab.state]
  return (
    <section class="head" aria-label={STATE.label}>
      <div>
        {tab.state === 'ready' && (
          <>
            <h1 class="display">{HERO.head}</h1>
            <p class="lead">{HERO.lead}</p>
          </>
        )}
        <Joining {...page} />
        <Word isHead={tab.state !== 'ready'}>
          <Icon glyph={glyph} tone={tone} />
          <span id="word" role="status">
            {wordOf(tab)}
          </span>
        </Word>
        <p id="why">{[whyOf(tab), ...options.mistakes].join(' ').trim()}</p>
        {tab.state === 'refused' && refusedBefore && (
          <p id="before">{STATE.refusedBefore(dayTime(refusedBefore.atMs), refusedBefore.why)}</p>
        )}
        {tab.outdated && (
          <p class="notice">
            {STATE.outdated} {tab.running ? STATE.outdatedSoon : ''}
            {!tab.running && (
              <Button enabled small act={page.acts.reload}>
                {STATE.reload}
              </Button>
            )}
          </p>
        )}
      </div>
      <Acts {...page} />
    </section>
  )
}

/** Before Start: for whom it would be. A tab without a token works for everybody, which the page says already. */
function Joining({ tab, options, holder }: PageProps) {
  if (options.token === undefined || tab.started || tab.state === 'refused' || isBarred(tab)) return null
  return (
    <p class="notice" role="status" aria-label={JOIN.label}>
      {joinText(options.pool, holder)}
    </p>
  )
}

/** The address may name a pool in whatever words; the token is the pool's own. */
function joinText(address: string | undefined, holder: TokenHolder | undefined): string {
  if (holder === undefined) return JOIN.asking
  if ('againMs' in holder) return JOIN.later(timeOfDay(holder.againMs))
  if ('refused' in holder) return JOIN.refused(holder.refused)
  const { pool } = holder
  if (pool === null) return `${JOIN.everybody}${address === undefined ? '' : JOIN.otherThanAll(address)}`
  return `${JOIN.pool(pool)}${address === undefined || address === pool ? '' : JOIN.other(address)}`
}

const timeOfDay = (ms: number): string =>
  new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const dayTime = (ms: number): string =>
  new Date(ms).toLocaleString([], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

const Word = ({ isHead, children }: { isHead: boolean; children: preact.ComponentChildren }) =>
  isHead ? <h1 class="word">{children}</h1> : <p class="word">{children}</p>

function Acts({ tab, settings, acts }: PageProps) {
  const over = !tab.started && !tab.running
  const hasKind = takesAny(settings)
  const canStart = over && hasKind && tab.barred === undefined
  const canFinish = tab.running && tab.started && tab.state !== 'finishing'
  const canStop = tab.started || tab.running
  const goOn = tab.pause === undefined ? undefined : PAUSES[tab.pause].act
  const reasons = [
    over && tab.barred !== undefined ? ACTS.barred : over && !hasKind ? ACTS.noKind : over ? '' : ACTS.started,
    over ? ACTS.nothing : tab.state === 'finishing' ? ACTS.finishing : canFinish ? ACTS.explain : ACTS.paused,
  ]
  return (
    <div class="acts">
      {goOn && (
        <Button enabled main act={acts.goOn} why="once">
          {goOn}
        </Button>
      )}
      {tab.waits && (
        <Button enabled main act={acts.takeOver}>
          {ACTS.takeOver}
        </Button>
      )}
      <Button enabled={canStart} main={over && tab.barred === undefined} act={acts.start} why="reasons">
        {ACTS.start}
      </Button>
      <Button enabled={canFinish} act={acts.finish} why="reasons">
        {ACTS.finish}
      </Button>
      <Button enabled={canStop} act={acts.stop} why="reasons">
        {ACTS.stop}
      </Button>
      <p class="cap" id="reasons">
        {reasons.join(' ').trim()}
      </p>
      {goOn && (
        <p class="cap" id="once">
          {ACTS.once}
        </p>
      )}
    </div>
  )
}
