// Arrays of numbers as bytes: element types, shapes, and the digest that is an array's address. Bytes are little-endian in
// row-major order; equal bytes of another type or shape are another array. Numbers are exact: 64-bit integers are BigInt.
import { sha256 } from '@noble/hashes/sha2.js'
import { tagPrefix, type Digest } from './digest.ts'
import { toHex, utf8 } from './bytes.ts'

export const DTYPES = ['u8', 'u16', 'u32', 'u64', 'i32', 'i64', 'f32', 'f64'] as const
export type Dtype = (typeof DTYPES)[number]

interface Element {
  readonly bytes: number
  /** Of integers: both ends belong to it. */
  readonly least?: bigint
  readonly most?: bigint
  read(view: DataView, at: number): number | bigint
  write(view: DataView, at: number, value: number | bigint): void
}

const ELEMENTS: Readonly<Record<Dtype, Element>> = {
  u8: integer(
    1,
    false,
    (view, at) => view.getUint8(at),
    (view, at, value) => view.setUint8(at, Number(value)),
  ),
  u16: integer(
    2,
    false,
    (view, at) => view.getUint16(at, true),
    (view, at, value) => view.setUint16(at, Number(value), true),
  ),
  u32: integer(
    4,
    false,
    (view, at) => view.getUint32(at, true),
    (view, at, value) => view.setUint32(at, Number(value), true),
  ),
  u64: integer(
    8,
    false,
    (view, at) => view.getBigUint64(at, true),
    (view, at, value) => view.setBigUint64(at, value, true),
  ),
  i32: integer(
    4,
    true,
    (view, at) => view.getInt32(at, true),
    (view, at, value) => view.setInt32(at, Number(value), true),
  ),
  i64: integer(
    8,
    true,
    (view, at) => view.getBigInt64(at, true),
    (view, at, value) => view.setBigInt64(at, value, true),
  ),
  f32: {
    bytes: 4,
    read: (view, at) => view.getFloat32(at, true),
    write: (view, at, value) => view.setFloat32(at, Number(value), true),
  },
  f64: {
    bytes: 8,
    read: (view, at) => view.getFloat64(at, true),
    write: (view, at, value) => view.setFloat64(at, Number(value), true),
  },
}

function integer(
  bytes: number,
  signed: boolean,
  read: Element['read'],
  write: (view: DataView, at: number, value: bigint) => void,
): Element {
  const bits = BigInt(8 * bytes)
  const [least, most] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
  return { bytes, least, most, read, write: (view, at, value) => write(view, at, BigInt(value)) }
}

export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)
export const arrayBytes = (dtype: Dtype, shape: readonly number[]): number => ELEMENTS[dtype].bytes * elementsOf(shape)

/** What the digest of an array begins with; its bytes follow. For whoever digests a stream. */
export const arrayDigestPrefix = (dtype: Dtype, shape: readonly number[]): Uint8Array =>
  Uint8Array.of(...tagPrefix('vmem.v1'), ...utf8(`${dtype}\0${shape.join(',')}\0`))

export function arrayDigest(dtype: Dtype, shape: readonly number[], bytes: Uint8Array): Digest {
  return toHex(sha256.create().update(arrayDigestPrefix(dtype, shape)).update(bytes).digest()) as Digest
}

/** Why a value is none of this type, as a sentence; null when it is one. A float is every finite number that rounds to one. */
export function elementFault(dtype: Dtype, value: number | bigint): string | null {
  const { least, most, bytes, read, write } = ELEMENTS[dtype]
  if (least === undefined || most === undefined) {
    // As it will be read: a double may round to an infinite f32.
    const view = new DataView(new ArrayBuffer(bytes))
    write(view, 0, value)
    return Number.isFinite(read(view, 0)) ? null : `is not a finite ${dtype}`
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return `is not a whole number that JSON says exactly`
  return BigInt(value) >= least && BigInt(value) <= most ? null : `is not from ${least} to ${most}`
}

/** Throws a `RangeError` on a value that the type does not have. */
export function arrayToBytes(dtype: Dtype, values: readonly (number | bigint)[]): Uint8Array {
  const { bytes, write } = ELEMENTS[dtype]
  const view = new DataView(new ArrayBuffer(bytes * values.length))
  for (const [i, value] of values.entries()) {
    const fault = elementFault(dtype, value)
    if (fault !== null) throw new RangeError(`element ${i} ${fault}`)
    write(view, i * bytes, value)
  }
  return new Uint8Array(view.buffer)
}

export function bytesToArray(dtype: Dtype, bytes: Uint8Array): (number | bigint)[] {
  const { bytes: each, read } = ELEMENTS[dtype]
  if (bytes.length % each !== 0) throw new RangeError(`${bytes.length} bytes are no whole ${dtype}s`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / each }, (_, i) => read(view, i * each))
}
