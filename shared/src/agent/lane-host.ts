// An engine host made of lanes: it deals an assignment's shards to them, a few at a time so that a slow lane keeps none
// waiting, and gathers what they return.
import type { Ready } from '../contract/agent-events.ts'
import type { EngineName } from '../contract/ids.ts'
import type { ShardRange } from '../kernels/kernel.ts'
import { EngineAbsent, EngineError } from './engines/engine.ts'
import { loadedKeys, type Fault, type FromLane, type KnownTables, type Lane } from './engine-lane.ts'
import type { EngineHost, RunObserver, RunOrder } from './engine-host.ts'
import { unitsOf } from './ranges.ts'

export interface LaneHostOptions {
  readonly engine: EngineName
  readonly lanes: readonly Lane[]
  /** Shards a batch. A GPU wants them all, to keep its queue full; a CPU lane one, so that an abort is heard soon. */
  readonly batchMax: number
  /** Of the time that each lane may work; all of it unless said. */
  readonly share?: number
  /** Waits for the pool as long as it must; `isOver` says that nobody waits any more. */
  readonly knownTables: (isOver: () => boolean) => Promise<KnownTables>
  /** Told, in a sentence, of what an engine outlived. */
  readonly notice?: ((sentence: string) => void) | undefined
}

/** Batches that a lane has before it, so that it never waits for the host. */
const BATCHES_AHEAD = 2

interface LaneState {
  readonly lane: Lane
  readonly loaded: ReturnType<typeof loadedKeys>
  readonly batches: Map<number, Batch>
  /** Units of shards that have not come back, as the lane said last. */
  begun: number
  /** That it has worked, ever, as it said last. */
  busyMs: number
  test: { passed(readies: readonly Ready[]): void; refused(error: Error): void } | undefined
}

interface Batch {
  readonly units: number
  /** Shards that have not come back. */
  readonly left: ShardRange[]
}

interface Run {
  readonly order: RunOrder
  readonly observer: RunObserver
  readonly waiting: ShardRange[]
  /** Units of the shards that came back. */
  done: number
  readonly signal: AbortSignal
  settle(error?: Error): void
}

export function laneHost(options: LaneHostOptions): EngineHost {
  return new LaneHost(options)
}

class LaneHost implements EngineHost {
  readonly engine: EngineName
  readonly lanes: number
  readonly #batchMax: number
  #share: number
  readonly #knownTables: LaneHostOptions['knownTables']
  readonly #notice: LaneHostOptions['notice']
  readonly #states: readonly LaneState[]
  #batches = 0
  #run: Run | undefined
  #dead: EngineError | undefined

  constructor({ engine, lanes, batchMax, share = 1, knownTables, notice }: LaneHostOptions) {
    this.engine = engine
    this.lanes = lanes.length
    this.#batchMax = batchMax
    this.#share = share
    this.#knownTables = knownTables
    this.#notice = notice
    this.#states = lanes.map((lane) => ({
      lane,
      loaded: loadedKeys(),
      batches: new Map(),
      begun: 0,
      busyMs: 0,
      test: undefined,
    }))
    for (const state of this.#states) {
      state.lane.receive((message) => this.#hear(state, message))
      state.lane.crashed((reason) => this.#lost(`A worker of the ${engine} engine died: ${reason}`))
    }
  }

  async selfTest(): Promise<readonly Ready[]> {
    const tables = await this.#knownTables(() => this.#dead !== undefined)
    if (this.#dead) throw this.#dead
    // Every lane is tested, at the same time: what they measure is then what they reach together.
    const readies = merged(await Promise.all(this.#states.map((state) => testLane(state, tables))))
    // The test is short and runs at full speed; what is announced is what the share leaves of it.
    if (this.#share < 1) this.setShare(this.#share)
    return readies.map((ready) => ({ ...ready, unitsPerSecond: ready.unitsPerSecond * this.#share }))
  }

  setShare(share: number): void {
    this.#share = share
    for (const { lane } of this.#states) lane.send({ type: 'share', share })
  }

  busyMs(): number {
    return this.#states.reduce((sum, { busyMs }) => sum + busyMs, 0)
  }

  run(order: RunOrder, observer: RunObserver, signal: AbortSignal): Promise<void> {
    if (this.#dead) return Promise.reject(this.#dead)
    return new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        for (const { lane } of this.#states) lane.send({ type: 'abort' })
        this.#settleWhenIdle(run)
      }
      const settle = (error?: Error): void => {
        if (this.#run !== run) return
        this.#run = undefined
        signal.removeEventListener('abort', abort)
        if (error) reject(error)
        else resolve()
      }
      const run: Run = { order, observer, signal, waiting: [...order.shards], done: 0, settle }
      this.#run = run
      signal.addEventListener('abort', abort)
      for (const state of this.#states) this.#feed(run, state)
      this.#settleWhenIdle(run)
    })
  }

  close(): void {
    for (const { lane } of this.#states) lane.terminate()
    this.#lost('The engine was closed.')
  }

  #lost(reason: string): void {
    this.#dead ??= new EngineError(reason)
    for (const state of this.#states) state.test?.refused(this.#dead)
    this.#run?.settle(this.#dead)
  }

  #feed(run: Run, state: LaneState): void {
    const { launchKey: key, kernel, launch } = run.order
    while (!run.signal.aborted && state.batches.size < BATCHES_AHEAD && run.waiting.length > 0) {
      if (!state.loaded.has(key)) {
        state.lane.send({ type: 'load', key, kernel, launch })
        state.loaded.add(key)
      }
      // Near the end everybody gets a share: nobody sits on a full batch while others have nothing.
      const share = Math.ceil(run.waiting.length / this.#states.length)
      const shards = run.waiting.splice(0, Math.max(1, Math.min(this.#batchMax, share)))
      this.#batches += 1
      state.batches.set(this.#batches, { units: unitsOf(shards), left: [...shards] })
      state.lane.send({ type: 'run', batch: this.#batches, key, shards })
    }
    tellStarted(run, state)
  }

  #settleWhenIdle(run: Run): void {
    const idle = this.#states.every((state) => state.batches.size === 0)
    if (idle && (run.waiting.length === 0 || run.signal.aborted)) run.settle()
  }

  #hear(state: LaneState, message: FromLane): void {
    switch (message.type) {
      case 'tested':
        return state.test?.passed(message.readies)
      case 'refused':
        return state.test?.refused(new (message.absent ? EngineAbsent : EngineError)(message.reason))
      case 'computed':
        return this.#computed(state, message)
      case 'shard':
        return this.#shard(state, message)
      case 'ended':
        return this.#ended(state, message.batch, message.fault)
      case 'notice':
        return this.#notice?.(message.sentence)
    }
  }

  #computed(state: LaneState, { batch, units, busyMs }: Extract<FromLane, { type: 'computed' }>): void {
    state.busyMs = busyMs
    const run = this.#run
    const of = state.batches.get(batch)
    if (run === undefined || of === undefined) return
    state.begun = Math.max(0, units - (of.units - unitsOf(of.left)))
    run.observer.computed(this.#states.reduce((sum, { begun }) => sum + begun, run.done))
  }

  #shard(state: LaneState, { shard, partial, kernelMs, busyMs }: Extract<FromLane, { type: 'shard' }>): void {
    state.busyMs = busyMs
    state.begun = 0
    for (const { left } of state.batches.values()) {
      const at = left.findIndex((range) => range.shard === shard)
      if (at < 0) continue
      const gone = left.splice(at, 1)
      if (this.#run) this.#run.done += unitsOf(gone)
    }
    this.#run?.observer.done(shard, partial, kernelMs)
    if (this.#run) tellStarted(this.#run, state)
  }

  #ended(state: LaneState, batch: number, fault: Fault | undefined): void {
    const rest = state.batches.get(batch)?.left ?? []
    state.batches.delete(batch)
    state.begun = 0
    if (fault?.engine) return this.#lost(fault.reason)
    const run = this.#run
    if (run === undefined) return
    // The first one that did not come back is the one that failed; those behind it have not been tried.
    const [failed, ...untried] = rest
    if (failed !== undefined && !run.signal.aborted) {
      run.observer.failed(failed.shard, fault?.reason ?? 'The engine returned nothing for this shard.')
      run.waiting.unshift(...untried)
    }
    this.#feed(run, state)
    this.#settleWhenIdle(run)
  }
}

function tellStarted(run: Run, state: LaneState): void {
  const first = [...state.batches.values()].find(({ left }) => left.length > 0)?.left[0]
  if (first !== undefined) run.observer.started(first.shard)
}

function testLane(state: LaneState, tables: KnownTables): Promise<readonly Ready[]> {
  return new Promise((resolve, reject) => {
    state.test = { passed: resolve, refused: reject }
    state.lane.send({ type: 'selfTest', tables })
  })
}

/** The lanes' frames as one: the digests are the same everywhere, the speeds add up. */
function merged(lanes: readonly (readonly Ready[])[]): readonly Ready[] {
  const [first = [], ...others] = lanes
  return first.map((ready, i) => {
    const twins = others.flatMap((lane) => lane[i] ?? [])
    if (twins.some(({ digests }) => digests.join() !== ready.digests.join())) {
      throw new EngineError('Two workers of this machine returned different bits for the same shard.')
    }
    return { ...ready, unitsPerSecond: twins.reduce((sum, twin) => sum + twin.unitsPerSecond, ready.unitsPerSecond) }
  })
}
