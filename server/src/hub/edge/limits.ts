// Every limit of the Hub's edge, with unit and reason.
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'

export const GATEWAY_LIMITS = {
  /** The largest legal answer, with room for its envelope. */
  frameBytesMax: AGENT_LIMITS.answerBytesMax + AGENT_LIMITS.shardsPerAnswerMax * 200 + 4_096,
  /** From connection to hello: a tab that has just opened signs within a second. */
  helloMs: 10_000,
  /** Together at most 20 s until a silent connection is given up. */
  pingIntervalMs: 10_000,
  pingTimeoutMs: 8_000,
  /** Malformed frames before the connection is closed. */
  strikesMax: 3,
  /** Of one connection: a frame per shard would be far below it. */
  framesPerSecond: 200,
  connectionsMax: 5_000,
} as const

/** A write that the store refuses is tried again after this, doubled each time up to the greatest. */
export const STORE_RETRY_MS = 200
export const STORE_RETRY_MS_MAX = 5_000
/** Answers that the store has not taken by then are run again. */
export const STORE_GIVE_UP_MS = 60_000

/** A reduction lets sockets and timers have their turn after this: far below what a ping or a click would feel. */
export const TURN_MS = 10

/** A referee that ends is started again after this, doubled each time up to the greatest. */
export const REFEREE_RESTART_MS = 500
export const REFEREE_RESTART_MS_MAX = 30_000
