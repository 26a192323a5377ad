// Every limit of dispatch and verification, with unit and reason.

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
/** How much the latest measurement of an agent's speed weighs against all before. */
export const SPEED_WEIGHT = 0.3
/** In units a second, as in a ready frame: no measurement makes an agent faster. */
export const SPEED_MAX = 1e13
/** With no eligible checker for so long after the last first execution, `on_unverified` decides. */
export const CHECKER_WAIT_MS = 10_000
/** Distinct identities that may fail on a shard before the referee is asked. */
export const FAILURES_BEFORE_REFEREE = 3
/** At least so many checks a job, where it has so many shards. */
export const CHECKS_MIN = 3
