// A lane: one worker with one engine in it. This file is both ends of the talk between it and its host, and the worker's
// whole program; a browser's worker, a Node thread and a plain function in the same thread all serve it alike.
import type { Ready } from '../contract/agent-events.ts'
import type { Digest } from '../exact/digest.ts'
import type { Launch, ShardRange } from '../kernels/kernel.ts'
import type { DutyCycle } from './engines/duty-cycle.ts'
import { EngineAbsent, EngineError, type Engine, type LoadedKernel } from './engines/engine.ts'
import { sentenceOf } from './engine-host.ts'

export type KnownTables = ReadonlyMap<Digest, Uint32Array>

export type ToLane =
  /** With the tables that the known answers need, because a lane has no network. */
  | { readonly type: 'selfTest'; readonly tables: KnownTables }
  /** Of the time, from now on: from 0.05 to 1. */
  | { readonly type: 'share'; readonly share: number }
  | { readonly type: 'load'; readonly key: string; readonly kernel: string; readonly launch: Launch }
  /** Shards of a launch that was loaded; batches run in the order in which they came. */
  | { readonly type: 'run'; readonly batch: number; readonly key: string; readonly shards: readonly ShardRange[] }
  /** Ends every batch that came before. */
  | { readonly type: 'abort' }

type RunMessage = Extract<ToLane, { type: 'run' }>

export type FromLane =
  | { readonly type: 'tested'; readonly readies: readonly Ready[] }
  | { readonly type: 'refused'; readonly reason: string; readonly absent: boolean }
  /** Of a batch; what is computed of its unfinished shards is in it. */
  | { readonly type: 'computed'; readonly batch: number; readonly units: number; readonly busyMs: number }
  | {
      readonly type: 'shard'
      readonly shard: number
      readonly partial: Uint8Array
      readonly kernelMs: number
      readonly busyMs: number
    }
  | { readonly type: 'ended'; readonly batch: number; readonly fault: Fault | undefined }
  /** What befell its engine, which goes on: a sentence for a person. */
  | { readonly type: 'notice'; readonly sentence: string }

export interface Fault {
  readonly reason: string
  /** The engine is lost, not just the shard. */
  readonly engine: boolean
}

/** One end of the talk. */
export interface Port<In, Out> {
  send(message: Out): void
  receive(listener: (message: In) => void): void
}

export interface Lane extends Port<FromLane, ToLane> {
  /** The worker died: it could not start, or threw outside of any batch. */
  crashed(listener: (reason: string) => void): void
  terminate(): void
}

/** A lane says so often how far it is inside a shard: enough for a lease, and nothing that its host would feel. */
const COMPUTED_MS = 500
/** Launches that a lane keeps loaded; the host keeps the same list in the same order, so nobody has to ask. */
const LOADED_MAX = 4

export function loadedKeys(): { has(key: string): boolean; add(key: string): string | undefined } {
  const keys: string[] = []
  return {
    has: (key) => keys.includes(key),
    /** Returns the key that has to go. */
    add(key) {
      keys.push(key)
      return keys.length > LOADED_MAX ? keys.shift() : undefined
    },
  }
}

export interface LaneEngine {
  /** `notice` is told, in a sentence, of what the engine outlived. */
  open(notice: (sentence: string) => void): Promise<Engine>
  selfTest(engine: Engine, tables: KnownTables): Promise<readonly Ready[]>
  /** Milliseconds on a clock that never jumps. */
  now(): number
  /** What its engine keeps to; one without it works all the time. */
  readonly duty?: DutyCycle | undefined
}

/** The worker's program. */
export function serveLane(port: Port<ToLane, FromLane>, { open, selfTest, now, duty }: LaneEngine): void {
  const loaded = new Map<string, Promise<LoadedKernel>>()
  const keys = loadedKeys()
  let engine: Promise<Engine> | undefined
  let aborting = new AbortController()
  let tail: Promise<void> = Promise.resolve()
  /** When the host last heard that this lane computes. */
  let heardMs = -Infinity

  const opened = (): Promise<Engine> => (engine ??= open((sentence) => port.send({ type: 'notice', sentence })))
  const load = (key: string, kernel: string, launch: Launch): void => {
    const next = opened().then((ready) => ready.load(kernel, launch))
    // Whoever runs it hears of the failure; until then it is nobody's unhandled rejection.
    next.catch(() => {})
    loaded.set(key, next)
    const old = keys.add(key)
    if (old === undefined) return
    void loaded.get(old)?.then(
      (kernelToClose) => kernelToClose.close(),
      () => {},
    )
    loaded.delete(old)
  }
  const run = async ({ batch, key, shards }: RunMessage, signal: AbortSignal): Promise<Fault | undefined> => {
    if (signal.aborted) return undefined
    try {
      const kernel = await loaded.get(key)
      if (kernel === undefined) throw new EngineError('a launch ran before it was loaded')
      let since = now()
      const emit = (shard: number, partial: Uint8Array): void => {
        const at = now()
        port.send({ type: 'shard', shard, partial, kernelMs: Math.max(0, at - since), busyMs: duty?.busyMs ?? 0 })
        since = at
        heardMs = at
      }
      // Compared with a clock and not sent by a timer: those of a hidden tab run once a minute.
      const computed = (units: number): void => {
        const at = now()
        if (at - heardMs < COMPUTED_MS) return
        heardMs = at
        port.send({ type: 'computed', batch, units, busyMs: duty?.busyMs ?? 0 })
      }
      await kernel.run(shards, emit, signal, computed)
      return undefined
    } catch (error) {
      if (signal.aborted) return undefined
      return { reason: sentenceOf(error), engine: error instanceof EngineError }
    }
  }

  port.receive((message) => {
    switch (message.type) {
      case 'selfTest':
        return void tested(async () => selfTest(await opened(), message.tables)).then((said) => port.send(said))
      case 'share':
        if (duty) duty.share = message.share
        return
      case 'load':
        return load(message.key, message.kernel, message.launch)
      case 'run': {
        const { signal } = aborting
        tail = tail.then(async () =>
          port.send({ type: 'ended', batch: message.batch, fault: await run(message, signal) }),
        )
        return
      }
      case 'abort':
        aborting.abort(new Error('aborted'))
        aborting = new AbortController()
    }
  })
}

async function tested(test: () => Promise<readonly Ready[]>): Promise<FromLane> {
  try {
    return { type: 'tested', readies: await test() }
  } catch (error) {
    return { type: 'refused', reason: sentenceOf(error), absent: error instanceof EngineAbsent }
  }
}
