// Every limit of dispatch and verification, with unit and reason.
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'

/** An assignment is about this long at the agent's own speed: short enough to lose, long enough to amortise a frame. */
export const ASSIGNMENT_MS = 1_000
/** One running and one waiting, so that an agent never idles for a round trip. */
export const LEASES_PER_AGENT = 2
/** The first guess may be wrong by far and a tab may be throttled; progress renews the lease. */
export const LEASE_MS_MIN = 10_000
export const LEASE_OF_EXPECTED = 6
/** Lengths by which answers and progress can prolong a lease. */
export const LEASE_RENEWALS = 2
/**
 * What a lease can be prolonged to in any case. A first guess from a phone's first forty milliseconds can be ten times
 * too good, once it is warm or its tab hidden: a shard of ten seconds then takes a minute or two of true progress, where
 * the shortest lease would have ended it after 30 s, for the next phone to begin anew. Whoever only pretends to compute
 * keeps its shards that long.
 */
export const LEASE_LIFE_MS_MIN = 120_000
export const LEASE_MS_MAX = 120_000
/**
 * What is out is counted in these parts of a millisecond: binary fractions are added and taken away again without a rest,
 * so that a job whose last lease is over has nothing out, whatever speeds its agents claimed.
 */
export const HELD_PARTS_PER_MS = 1_024
/** How much the latest measurement of an agent's speed weighs against all before. */
export const SPEED_WEIGHT = 0.3
/**
 * In units a second, as in a ready frame: no measurement makes an agent faster or slower. From the least claim that a
 * double can hold, a shard would take for ever, and every sum with it would be no number any more.
 */
export const SPEED_MAX = AGENT_LIMITS.unitsPerSecondMax
export const SPEED_MIN = AGENT_LIMITS.unitsPerSecondMin
/** With no eligible checker for so long after the last first execution, `on_unverified` decides. */
export const CHECKER_WAIT_MS = 10_000
/**
 * But where an agent whose word counts has just gone, so long from then: one that lost its network tries again within 60 s
 * and has then to say hello and to pass its self-test. A job waits no longer than this at a stretch, however many go meanwhile.
 */
export const CHECKER_BACK_MS = 75_000
/** Distinct identities that may fail on a shard before the referee is asked. */
export const FAILURES_BEFORE_REFEREE = 3
/** Veterans of distinct groups that must have failed on a shard before it is at fault, where there is no referee. */
export const VETERAN_FAILURES = 3
/** A fresh key that fails on a shard gets nothing for so long: it costs nothing to have many. */
export const REST_MS = 10_000
/** Shards in a row, checked and valid, after which an agent is a veteran; until then every shard of its is checked. */
export const PROBATION_SHARDS = 10
/**
 * A referee that this server starts needs a moment, also when it starts again; so long a job's fresh keys wait for it with
 * more than that. Then they run the rest, for it to check when it is there: they never check one another.
 */
export const REFEREE_START_MS = 5_000
/** Changes of agents that are kept, so that who may work on a job is brought up to date instead of found anew. */
export const FLEET_CHANGES_MAX = 1_000
/** Standings kept in memory, some 200 bytes each; the store has them all. */
export const STANDINGS_MAX = 100_000
/**
 * A check waits for who was drawn: this long at least, and this many times what it and all that is before it should take;
 * then one more is drawn. Shorter, and busy honest agents would lose their checks to whoever is idle.
 */
export const DRAWN_MS = 2_000
export const DRAWN_OF_EXPECTED = 2

/** Without a referee so many veterans' runs of a disputed shard must agree, and lead every other by so many. */
export const VOTES_TO_WIN = 3
export const VOTES_LEAD = 2
/** After so many veterans' runs a dispute is settled, or the job fails. */
export const VOTES_MAX = 5

/** From this share of answered shards on, slow ones get a backup. */
export const BACKUPS_FROM = 0.75
/** A shard is slow when it takes this many times as long as three quarters of the job's shards did, and this long. */
export const SLOW_OF_USUAL = 1.5
export const SLOW_MS_MIN = 2_000
/** The usual is taken from the last so many answers of the job. */
export const USUAL_ANSWERS = 128
/** Of a job's shards, at most so many get a backup; at least one. */
export const BACKUPS_MAX = 0.1

/** Answers and failures that a job of n shards may use up: max(4 n, n + 16). */
export const EXECUTIONS_OF_SHARDS = 4
export const EXECUTIONS_MORE = 16

/** An author that has said nothing for so many times what its lease should take, and this long, keeps nobody else out. */
export const SILENT_OF_EXPECTED = 3
export const SILENT_MS_MIN = 5_000
/** Leases that ran out are remembered by identity: to leave and come back makes nobody anew. Some 100 bytes each. */
export const LAPSES_KEPT_MS = 600_000
export const LAPSES_MAX = 100_000
/** Progress renews a lease that would end within its life at this many times the pace so far. */
export const PACE_SLACK = 2

/** An identity that returned a wrong answer stays away for a day; a second one within thirty bans it. */
export const QUARANTINE_MS = 24 * 3_600_000
export const BAN_WITHIN_MS = 30 * 24 * 3_600_000
export const AWAY_TERMS = { quarantineMs: QUARANTINE_MS, banWithinMs: BAN_WITHIN_MS } as const
/** Shards whose answers are known that it must return before it is in probation again. */
export const TRIAL_SHARDS = 10

/** Groups of veterans whose answers the referee alone contradicted, before their engine is at fault. */
export const SUSPECTS_MAX = 3
/**
 * So long an engine at fault gets no work, and so long a suspicion counts: time for an operator to look. A mistake costs
 * the pool no more than that; a true fault costs three more veterans each time.
 */
export const SUSPENSION_MS = 3_600_000
