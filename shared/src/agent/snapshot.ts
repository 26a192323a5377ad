// What a person, a test or a log is told of an agent: one plain object, derived from the session and what the runner
// measured.
import type { Tally } from '../contract/agent-events.ts'
import type { EngineName } from '../contract/ids.ts'
import type { EngineReport } from './engine-host.ts'
import { isLive, type Held, type Session } from './session-state.ts'

export type AgentWord = 'selftest' | 'working' | 'idle' | 'finishing' | 'stopped' | 'refused'
export type ShardWord = 'waiting' | 'running' | 'answered'

export interface AgentSnapshot {
  readonly state: AgentWord
  /** Why it is in that state, in a sentence; empty while it works. */
  readonly why: string
  readonly connected: boolean
  /** The pool has let it in: one that is kept away is connected, too, until it hears so. */
  readonly joined: boolean
  readonly engine: EngineName | undefined
  /** Workers of that engine. */
  readonly lanes: number
  readonly selfTests: readonly EngineReport[]
  readonly assignment:
    | {
        readonly kernel: string
        readonly shards: readonly { readonly shard: number; readonly state: ShardWord }[]
        /** How much of it is computed, from 0 to 1. */
        readonly done: number
      }
    | undefined
  /** Over the last ten seconds. */
  readonly unitsPerSecond: number
  /** Of the last ten seconds, how much its workers worked, from 0 to 1. */
  readonly load: number
  readonly tally: Tally
  /** What the Hub refused last, in its words. */
  readonly lastRefusal: string | undefined
  /** It is refused for a quarantine, which ends by itself or by a word of the operator's. */
  readonly sentAway: boolean
}

export interface Measured {
  readonly engine: EngineName | undefined
  readonly lanes: number
  readonly selfTests: readonly EngineReport[]
  readonly unitsPerSecond: number
  readonly load: number
  /** Units of the oldest assignment held. */
  readonly units: number
  /** Shards of the current assignment that an engine has before it. */
  readonly started: ReadonlySet<number>
  /** A shard was done within the last second: between two assignments it still works. */
  readonly warm: boolean
}

export function snapshotOf(session: Session, measured: Measured): AgentSnapshot {
  const [state, why] = describe(session, measured.warm)
  const { engine, lanes, selfTests, unitsPerSecond, load, started } = measured
  const held = session.held[0]
  return {
    state,
    why,
    connected: ['greeting', 'joining', 'working', 'finishing', 'leaving'].includes(session.phase),
    joined: session.phase === 'working' || session.phase === 'finishing',
    engine,
    lanes,
    selfTests,
    assignment: held && {
      kernel: held.assignment.kernel,
      shards: held.assignment.shards.map((shard) => ({
        shard,
        state: held.open.has(shard) ? (started.has(shard) ? 'running' : 'waiting') : 'answered',
      })),
      done: doneOf(held, measured.units),
    },
    unitsPerSecond: isLive(session) ? unitsPerSecond : 0,
    load: isLive(session) ? load : 0,
    tally: session.tally,
    lastRefusal: session.lastRefusal?.message,
    sentAway: session.phase === 'refused' && session.lastRefusal?.code === 'QUARANTINED',
  }
}

/** Engines say now and then how many units they have computed; finished shards are known at once. */
function doneOf({ assignment, open, computed }: Held, units: number): number {
  const shards = assignment.shards.length
  return Math.min(1, Math.max((shards - open.size) / shards, units > 0 ? computed / units : 0))
}

function describe(session: Session, warm: boolean): readonly [AgentWord, string] {
  const testing = session.readies === undefined
  switch (session.phase) {
    case 'connecting':
      if (session.attempt > 0) {
        return ['idle', 'The pool cannot be reached. This agent goes on trying; work starts again by itself.']
      }
      return testing ? ['selftest', TESTING] : ['idle', 'Connecting to the pool.']
    case 'greeting':
    case 'joining':
      return testing ? ['selftest', TESTING] : ['idle', 'Joining the pool.']
    case 'working':
      if (session.held.length > 0 || warm) return ['working', '']
      return ['idle', 'No shard for this agent now. Work starts by itself when there is some.']
    case 'finishing':
      return ['finishing', 'What has begun is being completed; nothing new is taken.']
    case 'unfit':
      return ['idle', `No engine of this machine can work here. ${session.reason ?? ''}`.trim()]
    case 'leaving':
    case 'stopped':
      return ['stopped', 'Shards that were not finished went back to the pool.']
    case 'refused':
      return ['refused', session.reason ?? 'The pool refused this agent.']
  }
}

const TESTING = 'Before its first shard, an engine must reproduce answers that are known, on this machine, bit for bit.'
