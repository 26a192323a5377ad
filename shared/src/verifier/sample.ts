// Which shards are checked: drawn by HMAC with the job's secret key over what the agent has already committed to, so
// that no agent can foresee it and anybody can recompute it once the key is published.
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { hmacSha256, type Digest } from '@forge/shared/exact/digest.ts'
import { ceil, multiply, rational, rationalFromDecimal, type Rational } from '@forge/shared/exact/rational.ts'
import { CHECKS_MIN } from './limits.ts'
import type { Job } from './state.ts'

/** A fraction of [0, 1) as a u64: HMAC-SHA256(K_job, "sample" | job | shard | digest), its first 8 bytes. */
export function sampleOf(job: Pick<Job, 'id' | 'samplingKey'>, shard: number, digest: Digest): bigint {
  const mac = hmacSha256(job.samplingKey, utf8(`sample|${job.id}|${shard}|${digest}`))
  return new DataView(mac.buffer, mac.byteOffset, 8).getBigUint64(0)
}

/** The rate as the decimal that the contract wrote. */
export const rateOf = (rate: number): Rational => rationalFromDecimal(rate.toFixed(12))

export const isDrawn = (sample: bigint, rate: Rational): boolean => sample * rate.denominator < rate.numerator << 64n

/** At least min(N, max(3, ceil(q N))) checks a job. */
export function checksNeeded(shards: number, rate: Rational): number {
  const share = Number(ceil(multiply(rate, rational(BigInt(shards)))))
  return Math.min(shards, Math.max(CHECKS_MIN, share))
}
