// The names and limits of the memory surfaces: KV, blobs and VMem, as clients, contracts and the server say them.
import { z } from 'zod'
import { digestSchema } from './ids.ts'

export const MEMORY_LIMITS = {
  namespaceCharactersMax: 64,
  /** Bytes of UTF-8. A key is part of an address, and three times as long there when it is percent-encoded. */
  keyBytesMax: 512,
  /** Canonical JSON: KV is for small values, and a hundred of these fit what a call may bring. */
  kvValueBytesMax: 64 * 1024,
  /** Of one mget or mset. */
  kvKeysPerCallMax: 100,
  /** What S3 takes in one piece: 5 GiB. */
  objectBytesMax: 5 * 1024 ** 3,
  /** Rows, however small they are. */
  blobsPerProjectMax: 100_000,
  vmemArraysPerProjectMax: 100_000,
  vmemNameCharactersMax: 128,
  vmemDimensionsMax: 8,
  /** As JSON a call brings what a body may have; larger arrays are uploaded. */
  vmemElementsMax: 2 ** 32,
  /** Of one contract, and the bytes of canonical JSON that its args have once they are resolved. */
  referencesMax: 16,
  resolvedArgsBytesMax: 1024 * 1024,
  /** Arrays that a job may write. */
  artifactArraysMax: 8,
  contentTypeCharactersMax: 200,
  /** Ten years: a client that means "for ever" leaves it out. */
  ttlSecondsMax: 10 * 366 * 24 * 3600,
} as const

export const namespaceSchema = z
  .string()
  .max(MEMORY_LIMITS.namespaceCharactersMax)
  .regex(
    /^[A-Za-z\d][A-Za-z\d._-]*$/,
    'a namespace has letters, digits, dots, hyphens and underscores, first a letter or digit',
  )

/** `.` and `..` are steps in an address, not names. */
const NAME = /^(?!\.{1,2}$)[^\p{C}]+$/u
const byteLength = (text: string): number => new TextEncoder().encode(text).length

export const memoryKeySchema = z
  .string()
  .regex(NAME, 'a key is not empty, not "." or "..", and has no control characters')
  .refine(
    (key) => byteLength(key) <= MEMORY_LIMITS.keyBytesMax,
    `a key has at most ${MEMORY_LIMITS.keyBytesMax} bytes in UTF-8`,
  )

const ttlSecondsSchema = z.int().min(1).max(MEMORY_LIMITS.ttlSecondsMax)

/** Of a write: as long as what it replaces would have stayed. */
export const KEEP_TTL = 'keep'
export const ttlOrKeepSchema = z.union([ttlSecondsSchema, z.literal(KEEP_TTL)], {
  error: `must be a whole number of seconds from 1 to ${MEMORY_LIMITS.ttlSecondsMax}, or "${KEEP_TTL}"`,
})

export const vmemNameSchema = z
  .string()
  .max(MEMORY_LIMITS.vmemNameCharactersMax)
  .regex(
    /^[A-Za-z\d][A-Za-z\d._-]*$/,
    'an array’s name has letters, digits, dots, hyphens and underscores, first a letter or digit',
  )

/** What args may refer to, and a contract's digest names by content. */
export const referenceSchema = z.strictObject({
  /** Where in the contract: `args.claim_severity.quantiles`. */
  path: z.string(),
  kind: z.enum(['vmem', 'blob']),
  /** As it was written: `name@version` of an array, the name of a blob. */
  ref: z.string(),
  /** Of an array its VMem digest, of a blob the SHA-256 of its bytes. */
  digest: digestSchema,
})
export type Reference = z.output<typeof referenceSchema>
