// The agent at work: it carries out the session's commands on a link, an engine and an identity, parses every frame of
// the Hub, and tells whoever looks. All decisions are session.ts's.
import { replySchema } from '../contract/agent-events.ts'
import type { AgentToHub, Assignment, Hello, HubToAgent, Reply } from '../contract/agent-events.ts'
import type { Launch } from '../kernels/kernel.ts'
import { sentenceOf, type EngineChoice, type EngineHost, type RunObserver } from './engine-host.ts'
import { answerFrame, fenceOf, helloFrame, readFrame } from './frames.ts'
import type { Identity } from './identity.ts'
import type { Link, TableSource } from './link.ts'
import { launchKey } from './launch-key.ts'
import { loadMeter } from './load-meter.ts'
import { rangesOf, unitsOf } from './ranges.ts'
import { speedometer } from './speedometer.ts'
import { isLive, openSession, type Command, type Session, type SessionEvent } from './session-state.ts'
import { step } from './session.ts'
import { snapshotOf, type AgentSnapshot } from './snapshot.ts'

export interface RunnerOptions {
  readonly link: Link
  readonly tables: TableSource
  readonly engines: (changed: () => void) => EngineChoice
  readonly identity: Identity
  readonly kind: Hello['kind']
  readonly name?: string | undefined
  readonly token?: string | undefined
  readonly onSnapshot?: ((snapshot: AgentSnapshot) => void) | undefined
  /** Changes partials before they are digested: a test's agent that lies. */
  readonly tamper?: ((shard: number, partial: Uint8Array) => Uint8Array) | undefined
}

export interface Runner {
  /** Completes what has begun, hands the rest back and leaves. */
  finish(): void
  /** Aborts, hands everything back and leaves. */
  stop(): void
  snapshot(): AgentSnapshot
  /** Resolves once it has left and its engines are closed. */
  readonly ended: Promise<void>
}

export function startRunner(options: RunnerOptions): Runner {
  return new AgentRunner(options)
}

class AgentRunner implements Runner {
  readonly ended: Promise<void>
  readonly #options: RunnerOptions
  readonly #engines: EngineChoice
  readonly #speed = speedometer()
  readonly #load = loadMeter()
  /** Units of the assignment that was shown last. */
  #shown: { readonly assignment: Assignment; readonly units: number } | undefined
  readonly #publish: { soon(): void; close(): void }
  #session: Session
  #events: SessionEvent[] | undefined
  #host: EngineHost | undefined
  #abort: AbortController | undefined
  #started = new Set<number>()
  /** Frames leave in the order in which the session spoke, although signing takes its time. */
  #outbox: Promise<void> = Promise.resolve()
  /** Counts connections, so that no frame of a lost one leaves on the next. */
  #connection = 0
  /** When this connection was greeted. */
  #challengedMs: number | undefined
  #end: () => void = () => {}
  #goodbye: ReturnType<typeof setTimeout> | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
    this.ended = new Promise((resolve) => (this.#end = resolve))
    this.#publish = publisher(() => this.snapshot(), options.onSnapshot)
    this.#engines = options.engines(() => this.#publish.soon())
    options.link.listen({
      frame: (event, payload) => this.#hear(event, payload),
      down: () => {
        this.#connection += 1
        const livedMs = performance.now() - (this.#challengedMs ?? performance.now())
        this.#challengedMs = undefined
        this.#dispatch({ type: 'disconnected', livedMs })
      },
    })
    const { session, commands } = openSession()
    this.#session = session
    for (const command of commands) this.#act(command)
    this.#publish.soon()
  }

  finish(): void {
    this.#dispatch({ type: 'finish' })
  }

  stop(): void {
    this.#dispatch({ type: 'stop' })
    // A Hub that does not answer keeps nobody: the second stop does not wait.
    this.#goodbye ??= setTimeout(() => this.#dispatch({ type: 'stop' }), GOODBYE_MS)
  }

  snapshot(): AgentSnapshot {
    const nowMs = performance.now()
    const { unitsPerSecond, warm } = this.#speed.read(nowMs)
    if (this.#host) this.#load.add(nowMs, this.#host.busyMs())
    const lanes = this.#host?.lanes ?? 0
    return snapshotOf(this.#session, {
      engine: this.#host?.engine,
      lanes,
      selfTests: this.#engines.reports(),
      unitsPerSecond,
      load: this.#load.read(nowMs, lanes),
      units: this.#unitsShown(),
      warm,
      started: this.#started,
    })
  }

  #unitsShown(): number {
    const assignment = this.#session.held[0]?.assignment
    if (assignment === undefined) return 0
    if (this.#shown?.assignment !== assignment) {
      this.#shown = { assignment, units: unitsOf(rangesOf(assignment, assignment.shards, () => {}).values()) }
    }
    return this.#shown.units
  }

  /** One event at a time: what acting on one brings about waits its turn. */
  #dispatch(first: SessionEvent): void {
    if (this.#events) {
      this.#events.push(first)
      return
    }
    this.#events = [first]
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      const { session, commands } = step(this.#session, event)
      this.#session = session
      for (const command of commands) this.#act(command)
    }
    this.#events = undefined
    this.#publish.soon()
  }

  #act(command: Command): void {
    const { link, identity } = this.#options
    switch (command.type) {
      case 'hello':
        return this.#send(
          'hello',
          () => helloFrame(command.nonce, identity, this.#options),
          (reply) => this.#dispatch({ type: 'helloReply', reply }),
        )
      case 'ready': {
        const { ready } = command
        return this.#send(
          'ready',
          () => ready,
          (reply) => this.#dispatch({ type: 'readyReply', ready, reply }),
        )
      }
      case 'selfTest':
        return void this.#selfTest()
      case 'run':
        return void this.#run(command.assignment, command.shards)
      case 'abort':
        return this.#abort?.abort(new Error('aborted'))
      case 'answer':
        return this.#send(
          'answer',
          () => answerFrame(command.assignment, command.results, identity),
          this.#heardOf(command.assignment),
        )
      case 'progress': {
        const { assignment, units } = command
        return this.#send('progress', () => ({ ...fenceOf(assignment), units }), this.#heardOf(assignment))
      }
      case 'failed': {
        const { assignment, shard, reason } = command
        return this.#send('failed', () => ({ ...fenceOf(assignment), shard, reason }), this.#heardOf(assignment))
      }
      case 'handback':
        return this.#send('handback', () => fenceOf(command.assignment), this.#heardOf(command.assignment))
      case 'pause':
        return this.#send(
          'pause',
          () => ({}),
          (reply) => this.#dispatch({ type: 'acknowledged', assignmentId: null, reply }),
        )
      case 'connect':
        return link.connect(command.attempt)
      case 'disconnect':
        return this.#disconnect()
    }
  }

  /** What the Hub says to an answer, a word of progress, a failure or a handback. */
  #heardOf({ assignmentId }: Assignment): (reply: Reply) => void {
    return (reply) => this.#dispatch({ type: 'acknowledged', assignmentId, reply })
  }

  #send(event: keyof AgentToHub, frame: () => object | Promise<object>, heard: (reply: Reply) => void): void {
    const connection = this.#connection
    const current = (): boolean => connection === this.#connection
    this.#outbox = this.#outbox
      .then(async () => {
        if (!current()) return
        const made = await frame()
        if (!current()) return
        this.#options.link.send(event, made, (reply) => {
          if (!current()) return
          const parsed = replySchema.safeParse(reply)
          if (parsed.success) heard(parsed.data)
          else this.#dispatch({ type: 'misunderstood' })
        })
      })
      // A signature that cannot be made leaves the Hub waiting: a new connection starts clean.
      .catch(() => this.#dispatch({ type: 'misunderstood' }))
  }

  #disconnect(): void {
    const connection = this.#connection
    this.#outbox = this.#outbox.then(() => {
      const over = !isLive(this.#session)
      if (over || connection === this.#connection) this.#options.link.disconnect()
      if (!over) return
      this.#host = undefined
      this.#engines.close()
      this.#publish.close()
      clearTimeout(this.#goodbye)
      this.#end()
    })
  }

  #hear(event: keyof HubToAgent, payload: unknown): void {
    if (event === 'challenge') this.#challengedMs = performance.now()
    this.#dispatch(readFrame(event, payload) ?? { type: 'misunderstood' })
  }

  async #selfTest(): Promise<void> {
    this.#host = undefined
    try {
      const { host, readies } = await this.#engines.next()
      this.#host = host
      this.#dispatch({ type: 'selfTestPassed', readies })
    } catch (error) {
      this.#dispatch({ type: 'selfTestFailed', reason: sentenceOf(error) })
    }
  }

  async #run(assignment: Assignment, shards: readonly number[]): Promise<void> {
    const { assignmentId } = assignment
    const aborting = new AbortController()
    this.#abort = aborting
    this.#started = new Set()
    try {
      const host = this.#host
      const launch = await this.#launch(assignment)
      if (host === undefined || aborting.signal.aborted) return
      const ranges = rangesOf(assignment, shards, (shard, reason) =>
        this.#dispatch({ type: 'shardFailed', assignmentId, shard, reason }),
      )
      const order = {
        kernel: assignment.kernel,
        launchKey: launchKey(assignment),
        launch,
        shards: [...ranges.values()],
      }
      await host.run(order, this.#observer(assignment, ranges), aborting.signal).catch((error: unknown) => {
        if (!aborting.signal.aborted) this.#dispatch({ type: 'engineFailed', reason: sentenceOf(error) })
      })
    } catch {
      // A table did not come, three times: what is open goes back, and somebody nearer to the Hub may have more luck.
    } finally {
      this.#dispatch({ type: 'runEnded', assignmentId })
    }
  }

  async #launch({ program, constants, tables }: Assignment): Promise<Launch> {
    const loaded = await Promise.all(
      Object.entries(tables).map(async ([name, of]) => [name, await this.#options.tables(of)] as const),
    )
    return { program, constants: Uint32Array.from(constants), tables: Object.fromEntries(loaded) }
  }

  #observer(assignment: Assignment, ranges: ReturnType<typeof rangesOf>): RunObserver {
    const { assignmentId } = assignment
    // A lost engine may have done a part of the assignment; this run is about the rest.
    const earlier = assignment.shards.filter((shard) => !ranges.has(shard))
    const before = unitsOf(rangesOf(assignment, earlier, () => {}).values())
    return {
      started: (shard) => this.#started.add(shard),
      computed: (units) =>
        this.#dispatch({ type: 'computed', assignmentId, units: before + units, nowMs: performance.now() }),
      done: (shard, partial, kernelMs) => {
        const nowMs = performance.now()
        this.#speed.add(nowMs, ranges.get(shard)?.units ?? 0)
        const result = { shard, partial: this.#options.tamper?.(shard, partial) ?? partial, kernelMs }
        this.#dispatch({ type: 'shardDone', assignmentId, result, nowMs })
      },
      failed: (shard, reason) => this.#dispatch({ type: 'shardFailed', assignmentId, shard, reason }),
    }
  }
}

const GOODBYE_MS = 2000
const PUBLISH_MS = 200
/** While a speed is shown it is looked at again, because it falls when nothing happens. */
const REFRESH_MS = 1000

function publisher(
  look: () => AgentSnapshot,
  show: ((snapshot: AgentSnapshot) => void) | undefined,
): { soon(): void; close(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let due = Infinity
  let lastMs = -Infinity
  const publish = (): void => {
    lastMs = performance.now()
    due = Infinity
    const snapshot = look()
    show?.(snapshot)
    if (snapshot.unitsPerSecond > 0 || snapshot.load > 0) within(REFRESH_MS)
  }
  const within = (waitMs: number): void => {
    const at = performance.now() + waitMs
    if (at >= due) return
    clearTimeout(timer)
    due = at
    timer = setTimeout(publish, waitMs)
  }
  return {
    soon() {
      if (show) within(Math.max(0, lastMs + PUBLISH_MS - performance.now()))
    },
    close() {
      clearTimeout(timer)
      due = -Infinity
      show?.(look())
    },
  }
}
