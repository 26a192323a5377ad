// What the tab does and why: it starts and ends the agent's worker as the volunteer, the settings, the surroundings and the
// other tabs of the browser ask. It computes nothing itself, and draws nothing.
//
//   started   place   pause   worker   what follows
//   yes       yes     none    none     a worker is launched
//   yes       yes     some    some     it stops; what had begun goes back
//   yes       no      any     some     it stops: another tab took over
//   no        any     any     some     it finishes or stops, as asked
import type { AgentSnapshot, AgentWord } from '@forge/shared/agent/snapshot.ts'
import type { AgentOptions, FromAgent, ToAgent } from './messages.ts'
import { isOutdated, reloadFor } from './new-version.ts'
import { oneTab } from './one-tab.ts'
import type { PageOptions } from './options.ts'
import { pauseReason, stillWaived, type PauseReason } from './pauses.ts'
import { takes, type Settings } from './settings.ts'
import { watchSurroundings } from './surroundings.ts'
import { KINDS, PAUSES, STATE } from './text.ts'

export type PageWord = 'ready' | AgentWord

export interface TabState extends Omit<AgentSnapshot, 'state'> {
  readonly state: PageWord
  /** The volunteer wants it to work, whether it does or not. */
  readonly started: boolean
  /** There is an agent, if only on its way out. */
  readonly running: boolean
  /** Why it cannot be started, as long as this page is not loaded again. */
  readonly barred: string | undefined
  readonly pause: PauseReason | undefined
  /** Another tab of this browser works. */
  readonly waits: boolean
  readonly outdated: boolean
  readonly bytesToday: number
}

const NOTHING: TabState = {
  state: 'ready',
  why: STATE.ready,
  started: false,
  running: false,
  barred: undefined,
  pause: undefined,
  waits: false,
  outdated: false,
  bytesToday: 0,
  connected: false,
  joined: false,
  engine: undefined,
  lanes: 0,
  selfTests: [],
  assignment: undefined,
  unitsPerSecond: 0,
  load: 0,
  tally: { accepted: 0, pending: 0, rejected: 0 },
  lastRefusal: undefined,
  sentAway: false,
}

/** A worker that has said goodbye may still be telling the Hub; it is ended for it when it takes longer. */
const GOODBYE_MS = 3000

export class Tab {
  readonly #options: PageOptions
  readonly #changed: (state: TabState) => void
  readonly #watch = watchSurroundings(() => this.#settle())
  readonly #place = oneTab({
    has: () => this.#placed(),
    waits: () => this.#waitFor(),
    lost: () => this.#takenOver(),
  })
  #settings: Settings
  #token: string | undefined
  #state: TabState = NOTHING
  #worker: Worker | undefined
  #bytes = 0
  #leaving = false
  #started = false
  #hasPlace = false
  #waits = false
  #outdated = false
  #waived: ReadonlySet<PauseReason> = new Set()
  /** Said instead of what the agent says last, until it is started again. */
  #lastWord: string | undefined
  #barred: string | undefined

  constructor(options: PageOptions, settings: Settings, token: string | undefined, changed: (state: TabState) => void) {
    this.#options = options
    this.#settings = settings
    this.#token = token
    this.#changed = changed
    document.addEventListener('visibilitychange', () => void (document.hidden || this.#lookForVersion()))
  }

  get state(): TabState {
    return this.#state
  }

  /** From now on it does not work, whatever is pressed. */
  bar(why: string): void {
    this.#barred = why
    if (this.#started) return this.stop()
    this.#settle()
  }

  start(): void {
    if (this.#barred !== undefined) return
    this.#started = true
    this.#waived = new Set()
    this.#lastWord = undefined
    if (!this.#hasPlace) this.#place.enter()
    this.#settle()
  }

  finish(): void {
    this.#end('finish')
  }

  stop(): void {
    this.#end('stop')
  }

  /** For this time only, in spite of what is set. */
  goOn(): void {
    const { pause } = this.#state
    if (pause) this.#waived = new Set([...this.#waived, pause])
    this.#settle()
  }

  takeOver(): void {
    this.#place.takeOver()
  }

  /** What cannot change under an agent starts it anew, once what has begun is done. */
  apply(next: Settings): void {
    const before = this.#agentOptions()
    this.#settings = next
    const after = this.#agentOptions()
    const { shares, ...rest } = after
    if (JSON.stringify(rest) !== JSON.stringify({ ...before, shares: undefined })) this.#leave('finish')
    else this.#tell({ type: 'shares', shares })
    this.#settle()
  }

  reload(): void {
    if (this.#worker !== undefined) return this.#leave('finish')
    // Asked for by hand: whatever was tried before.
    sessionStorage.removeItem('forge-pool.reloaded')
    reloadFor(this.#started)
  }

  #end(how: 'finish' | 'stop'): void {
    this.#started = false
    this.#leave(how)
    this.#giveUpPlace()
    this.#settle()
  }

  #placed(): void {
    this.#hasPlace = true
    this.#waits = false
    this.#giveUpPlace()
    this.#settle()
  }

  #waitFor(): void {
    this.#waits = true
    this.#settle()
  }

  /** Nobody else works while this tab still has shards. */
  #giveUpPlace(): void {
    if (this.#started || this.#worker !== undefined) return
    this.#place.leave()
    this.#hasPlace = false
    this.#waits = false
  }

  #takenOver(): void {
    this.#lastWord = STATE.takenOver
    this.#hasPlace = false
    this.#state = { ...this.#state, why: STATE.takenOver }
    this.stop()
  }

  /** Brings about what is wanted, and tells. */
  #settle(): void {
    const around = this.#watch.now()
    this.#waived = stillWaived(this.#settings, around, this.#waived)
    const pause = this.#started ? pauseReason(this.#settings, around, this.#waived) : undefined
    const wanted = this.#started && this.#hasPlace && pause === undefined
    if (wanted && this.#worker === undefined) this.#launch()
    if (pause !== undefined && this.#worker !== undefined) this.#leave('stop')
    this.#watch.stayAwake(this.#settings.wakeLock && this.#worker !== undefined && !this.#leaving)
    this.#tellPage({ ...this.#state, pause, bytesToday: around.bytesToday })
  }

  #launch(): void {
    const worker = new Worker(new URL('./agent-worker.ts', import.meta.url), { type: 'module', name: 'agent' })
    this.#worker = worker
    this.#leaving = false
    this.#bytes = 0
    this.#state = { ...NOTHING, state: 'selftest', why: STATE.starting }
    worker.onmessage = ({ data }: MessageEvent<FromAgent>) => {
      if (worker !== this.#worker) return
      if (data.type === 'ended') return this.#gone()
      this.#heard(data.snapshot, data.bytes)
    }
    worker.onerror = ({ message }) => {
      if (worker !== this.#worker) return
      this.#started = false
      // Without a message the worker's own file did not come: the pool, not this browser, is at fault.
      this.#lastWord = message ? STATE.broken(message) : STATE.unreachable
      this.#gone()
    }
    this.#tell({ type: 'start', options: this.#agentOptions() })
  }

  #heard(snapshot: AgentSnapshot, bytes: number): void {
    this.#watch.used(bytes - this.#bytes)
    this.#bytes = bytes
    const came = snapshot.connected && !this.#state.connected
    this.#state = { ...this.#state, ...snapshot }
    if (snapshot.state === 'refused') this.#started = false
    // Whoever restarted may have been upgraded, and so may have whoever speaks another version.
    if (came || snapshot.state === 'refused') void this.#lookForVersion()
    this.#settle()
  }

  #leave(how: 'finish' | 'stop'): void {
    const leaving = this.#worker
    if (leaving === undefined) return
    this.#tell({ type: how })
    this.#leaving = true
    if (how === 'finish') return
    setTimeout(() => {
      if (this.#worker === leaving) this.#gone()
    }, GOODBYE_MS)
  }

  #gone(): void {
    this.#worker?.terminate()
    this.#worker = undefined
    const { state, why } = this.#state
    // One that ended by itself has no engine that works here: it is not started over and over.
    const isUnfit = state === 'idle' && !this.#leaving
    if (isUnfit) this.#started = false
    this.#leaving = false
    const isOver = state === 'refused' || isUnfit
    this.#state = {
      ...this.#state,
      state: isOver ? state : 'stopped',
      why: this.#lastWord ?? (isOver ? why : STATE.stopped),
      connected: false,
      joined: false,
      assignment: undefined,
      unitsPerSecond: 0,
      load: 0,
    }
    if (this.#outdated && reloadFor(this.#started)) return
    this.#giveUpPlace()
    this.#settle()
  }

  async #lookForVersion(): Promise<void> {
    if (this.#outdated || !(await isOutdated())) return
    this.#outdated = true
    const isAtRest = this.#worker === undefined && this.#started
    if ((isAtRest || this.#state.state === 'refused') && reloadFor(true)) return
    this.#leave('finish')
    this.#settle()
  }

  #agentOptions(): AgentOptions {
    const { engine, threads, name } = this.#options
    const settings = this.#settings
    return {
      engine,
      threads: threads ?? settings.workers,
      shares: { cpu: settings.cpu / 100, gpu: settings.gpu / 100 },
      declined: Object.keys(KINDS).filter((kernel) => !takes(settings, kernel)),
      unnamed: settings.newKinds,
      name: name ?? (settings.name.trim() || undefined),
      token: this.#token,
    }
  }

  #tell(message: ToAgent): void {
    this.#worker?.postMessage(message)
  }

  #tellPage(state: TabState): void {
    const waits = this.#started && this.#waits
    const running = this.#worker !== undefined
    const barred = this.#barred
    const shown = { ...state, started: this.#started, running, barred, waits, outdated: this.#outdated }
    this.#state = shown
    if (!this.#started || (state.pause === undefined && !waits && !this.#leaving)) return this.#changed(shown)
    // What the agent says on its way out is not the last word here.
    const why = waits ? STATE.otherTab : state.pause ? PAUSES[state.pause].why : STATE.restarting
    this.#changed({ ...shown, state: 'idle', why, assignment: undefined })
  }
}
