// The normal quantiles that every log-normal table is made of: z(p) at the three nodes of each segment, the same for all
// parameters. Computing them takes 0.2 s, so they are computed once, by `normalNodes` here, and kept as bytes in
// normal-nodes.gen.ts; only the compiler of tables reads that file, no browser loads it.
import { sha256Hex } from '#sha256'
import {
  FRACTION_BITS,
  fixedMultiply,
  fixedSqrt,
  ONE,
  reciprocalDensity,
  shiftedQuantile,
  upperTail,
  upperTailQuantile,
  type Fixed,
} from '../exact/fixed-point.ts'
import { OCTAVES, SEGMENTS } from './lognormal-quantile.ts'

/** cos(pi/6) / 2: Chebyshev's nodes lie at 1/2 -+ this, and at 1/2. */
export const NODE_OFFSET = fixedSqrt((3n * ONE) / 16n)

/**
 * 6,144 quantiles: three for each segment (K, j), row by row, at ascending tail probabilities, within 2^-149 in the
 * first octave and 2^-107 in the last (a table carries an octave's error into 2^(63 - K) times as rare rows).
 * A walk from the smallest p to the greatest: a step of at most p/70 by Taylor's series predicts z within 2^-30, and
 * one correction by the series of the same order, from the tail computed there, leaves (2^-30 max(1, z))^5 beside
 * the tail's rounding, 2^-173, over the density.
 */
export function normalNodes(): Fixed[] {
  const rows: Fixed[][] = []
  let p = ONE >> BigInt(OCTAVES + 1)
  let z = upperTailQuantile(p)
  const walkTo = (target: Fixed): Fixed => {
    const predicted = shiftedQuantile(z, fixedMultiply(p - target, reciprocalDensity(z)))
    const reciprocal = reciprocalDensity(predicted)
    z = shiftedQuantile(predicted, fixedMultiply(upperTail(predicted, reciprocal) - target, reciprocal))
    p = target
    return z
  }
  for (let octave = OCTAVES - 1; octave >= 0; octave--) {
    const row: Fixed[] = []
    for (let segment = 0; segment < SEGMENTS; segment++)
      for (const node of nodesOf(octave, segment)) row.push(walkTo(node))
    rows.unshift(row)
  }
  return rows.flat()
}

/** The tail probabilities of a segment's three nodes. */
export function nodesOf(octave: number, segment: number): readonly [Fixed, Fixed, Fixed] {
  const width = ONE >> BigInt(octave + 7) // 2^-(octave + 2) / 32
  const offset = fixedMultiply(width, NODE_OFFSET)
  const middle = width * (32n + BigInt(segment)) + width / 2n
  return [middle - offset, middle, middle + offset]
}

/** A node is 24 bytes: z 2^188, below 2^192, as three u64 limbs, least first, each little endian. */
const KEPT_BITS = 188n
const DROPPED_BITS = FRACTION_BITS - KEPT_BITS
const LIMBS = 3
const NODE_BYTES = 8 * LIMBS

/** Floors each quantile to 2^-188, which is finer than it is known. */
export function nodesToBytes(nodes: readonly Fixed[]): Uint8Array {
  const bytes = new Uint8Array(nodes.length * NODE_BYTES)
  const view = new DataView(bytes.buffer)
  nodes.forEach((node, i) => {
    for (let limb = 0; limb < LIMBS; limb++) {
      const word = BigInt.asUintN(64, (node >> DROPPED_BITS) >> BigInt(64 * limb))
      view.setBigUint64(i * NODE_BYTES + 8 * limb, word, true)
    }
  })
  return bytes
}

/** The inverse of {@link nodesToBytes}, but for what it floors. */
export function nodesFromBytes(bytes: Uint8Array): Fixed[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / NODE_BYTES }, (_, i) => {
    const at = i * NODE_BYTES
    const high = (view.getBigUint64(at + 16, true) << 64n) | view.getBigUint64(at + 8, true)
    return ((high << 64n) | view.getBigUint64(at, true)) << DROPPED_BITS
  })
}

/** Plain SHA-256 of the bytes, so that any tool can check the file. */
export const nodesDigest = (bytes: Uint8Array): string => sha256Hex(bytes)
