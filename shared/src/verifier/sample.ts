// Which shards are checked: drawn by HMAC with the job's secret key over what the agent has already committed to, so
// that no agent can foresee it and anybody can recompute it once the key is published. That key was committed to before
// the first shard was handed out.
import { sha256Hex } from '#sha256'
import { fromHex, utf8 } from '../exact/bytes.ts'
import { hmacSha256, type Digest } from '../exact/digest.ts'
import { ceil, multiply, rational, rationalFromDecimal, type Rational } from '../exact/rational.ts'

/** At least so many checks a job, where it has so many shards. */
const CHECKS_MIN = 3

/** A fraction of [0, 1) as a u64: HMAC-SHA256(K_job, "sample" | job | shard | digest), its first 8 bytes. */
export function sampleOf(
  job: { readonly id: string; readonly samplingKey: Uint8Array },
  shard: number,
  digest: Digest,
): bigint {
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

/**
 * The commitment to a job's sampling key, in hexadecimal as the key is: shown from the start, and the key at the end, so
 * that anyone can tell that the sample was not chosen by what agents answered.
 */
export const samplingKeySha256 = (samplingKey: string): string => sha256Hex(fromHex(samplingKey))
