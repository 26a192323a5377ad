// Every limit of the Hub's edge, with unit and reason.
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'

export const GATEWAY_LIMITS = {
  /** The largest legal answer, with room for its envelope. */
  frameBytesMax: AGENT_LIMITS.answerBytesMax + AGENT_LIMITS.shardsPerAnswerMax * 200 + 4_096,
  /** A frame without its partials; the longest is an answer of 64 shards with 11,000. More would be parsed for nothing. */
  textCharactersMax: 32 * 1024,
  /** Of what a refusal says about a frame. */
  sentenceCharactersMax: 300,
  /** From the socket to socket.io's own greeting, which its client says at once. */
  connectMs: 5_000,
  /** From there to a hello: a tab that has just opened signs within a second. */
  helloMs: 10_000,
  /** A hello has 600 bytes, and the handshake of its socket fewer: a stranger may not make the server keep more. */
  strangerBytesMax: 16 * 1024,
  /** Together at most 20 s until a silent connection is given up. */
  pingIntervalMs: 10_000,
  pingTimeoutMs: 8_000,
  /** How soon a revoked node token ends the connections that came with it; one query for all of them. */
  tokenLookMs: 2_000,
  /** How soon an order about an agent holds on a server that did not give it; one query. */
  orderLookMs: 2_000,
  /** Malformed frames before the connection is closed. */
  strikesMax: 3,
  /**
   * Packets of one connection. An answer is two, its text and its partials; the fastest GPU with the largest partials
   * sends thirty in a second. An assignment may end with a failure for each of its 512 shards at once.
   */
  packets: { perSecond: 100, burst: 1_200 },
  /**
   * `ready` and `pause` of one connection. An agent says ready once for each kernel when it joins and after a pause or a
   * lost engine: a handful in a minute, if somebody plays with its buttons a dozen.
   */
  presence: { perSecond: 0.5, burst: 30 },
  /**
   * Bytes of one connection, at first four of the largest answers. Beyond it the server reads on when there is budget
   * again, half a second later at most: a GPU in a second pass over a heavy tail may honestly want more. The server
   * itself takes in some 20 MiB a second, digests and plausibility included, on one core of two.
   */
  bytes: { perSecond: 8 * 2 ** 20, burst: 16 * 2 ** 20 },
  /** Written and not taken by the other side. The longest frame to an agent has 10 kB; who lets a hundred lie hangs. */
  unreadBytesMax: 2 ** 20,
  /** From the refusal that ends a connection until it is cut: time for the words to arrive. */
  goodbyeMs: 2_000,
} as const

/** Of several servers on one database. */
export const OWNER_LIMITS = {
  /** How soon a server hears that a job of its own is to be cancelled, has ended or is another's; one query. */
  lookMs: 2_000,
  /**
   * For how long an owner must be seen dead until its jobs are taken: its connection alone may have been lost, and where the
   * database restarted, those of all.
   */
  desertedMs: 3_000,
  /**
   * The same for a server without agents, where they would wait for some until their deadlines: as long as a restart takes of
   * the owner, to whom its agents come back.
   */
  desertedIdleMs: 30_000,
  /** Of jobs that were taken, named in one line of the log: some 60 bytes each. */
  takenLoggedMax: 100,
  /** From one look to the next at a job that somebody waits for and another server runs. */
  elsewhereLookMs: 1_000,
} as const

/** Of what is remembered of agents beside their work. */
export const ROSTER_LIMITS = {
  /** Sessions that are gone, some 500 bytes each, and for how long. */
  goneMax: 1_000,
  /** Of one identity: whoever comes and goes all day takes no other's place. */
  gonePerIdentity: 16,
  goneMs: 24 * 60 * 60 * 1000,
  /** Engines that failed their self-test: an agent has three, and a handful of kernels. */
  failedPerSession: 16,
} as const

/**
 * Shards, of all passes, of a job whose verdicts are written with its end and not before it: so many partials are read and
 * reduced within some milliseconds, and a transaction that writes them holds nobody up.
 */
export const QUICK_SHARDS_MAX = 64

/** Of such jobs' partials, from their answers to their ends: some hundred jobs at once. What is beyond it is read from the store. */
export const FRESH_PARTIAL_BYTES_MAX = 16 * 1024 * 1024

/** How long the end of a job may come to write its beginning along: twice what a job of one shard takes, and nothing to people. */
export const BEGINNING_HELD_MS = 30

/** From one frame about an agent's own shards to the next: ten a second are more than anybody reads. */
export const TALLY_PACE_MS = 100

/** Of all connections, and of those that come from one place. How they were chosen is in PROTOCOL.md, "Coming back". */
export const ADMISSION_LIMITS = {
  /** Agents at once; each costs the server some 50 kB, and each event of the core a look at all of them. */
  connectionsMax: 5_000,
  /** Of one IPv4 address or IPv6 /64: a school or an office may sit behind it, a twentieth of the pool must do. */
  perHousehold: 256,
  /** Of one /24 or /48. */
  perNetwork: 1_024,
  /** Upgrades in all. One costs half a millisecond, on a busy machine two: a storm must not hold up answers for seconds. */
  attempts: { perSecond: 400, burst: 400 },
  /** A whole household may come back at once, then each of it every quarter of a minute. */
  attemptsPerHousehold: { perSecond: 16, burst: 256 },
  attemptsPerNetwork: { perSecond: 64, burst: 1_024 },
  /** Households, and networks, whose attempts are remembered: some 200 bytes each. */
  rememberedMax: 20_000,
  /** Signatures of hellos that are checked: 1.6 ms each on a slow core, a third of the server's thread. */
  hellos: { perSecond: 200, burst: 20 },
  /** Connections that have not said hello or wait for its turn: at the rate above nobody waits longer than ten seconds. */
  waitingMax: 2_000,
  /** Who has not said hello after so long gives its place to the next: a busy tab signs within a second. */
  silentMs: 3_000,
  /** Seconds until somebody for whom there is no room comes again. */
  fullRetryS: 30,
} as const

/** A write that the store refuses is tried again after this, doubled each time up to the greatest. */
export const STORE_RETRY_MS = 200
export const STORE_RETRY_MS_MAX = 5_000
/** Answers that the store has not taken by then are run again. */
export const STORE_GIVE_UP_MS = 60_000

export const STOP_LIMITS = {
  /**
   * For writes that have begun when the server stops. A database that is there takes them in less than a second; one that went
   * without a word never does, and whoever stops the server kills it after a while: compose after 30 s, of which open requests
   * have five as well. What is given up is not lost: nobody was told that it is durable, and the next owner repairs it.
   */
  writesMs: 8_000,
} as const

/** A reduction lets sockets and timers have their turn after this: far below what a ping or a click would feel. */
export const TURN_MS = 10

/** A referee that ends is started again after this, doubled each time up to the greatest. */
export const REFEREE_RESTART_MS = 500
export const REFEREE_RESTART_MS_MAX = 30_000

/** How long a client that cancels waits for the store; the job computes nothing meanwhile, and ends when the store is back. */
export const CANCEL_WAIT_MS = 10_000
