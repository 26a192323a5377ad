// What is shown of KV's entries, and the shape of what is written.
import { z } from 'zod'
import { MEMORY_LIMITS, memoryKeySchema, ttlOrKeepSchema } from '@forge/shared/contract/memory.ts'
import type { KvEntry } from '../../store/memory.ts'
import { isoOf, isoOrNull } from '../../web-core/times.ts'

const time = z.iso.datetime()

const entryFields = {
  key: z.string(),
  version: z.int().describe('greater with every write in the project; its entity tag is the version in quotes'),
  bytes: z.int().describe('of namespace, key and value in UTF-8, as the quota counts them'),
  created_at: time,
  updated_at: time,
  expires_at: time.nullable(),
}
/** In a list, without its value. */
export const kvHeadSchema = z.strictObject(entryFields)
export const kvEntrySchema = z.strictObject({ ...entryFields, value: z.unknown() })

/** No schema of its own: the body was read strictly, and nested no deeper than any body may. */
const value = z
  .unknown()
  .refine((given) => given !== undefined, 'this field is required')
  .describe(`any JSON of at most ${MEMORY_LIMITS.kvValueBytesMax} bytes`)
const ttl = ttlOrKeepSchema
  .optional()
  .describe(
    'how long it stays; for ever, unless said. `keep`: until when what is there now would have stayed, and for ever where nothing is',
  )
export const kvPutSchema = z.strictObject({ value, ttl_seconds: ttl })
export const kvMsetSchema = z.strictObject({
  entries: z
    .array(
      z.strictObject({
        key: memoryKeySchema,
        value,
        ttl_seconds: ttl,
        if_version: z.int().min(0).optional().describe('only if this version is there; 0: only if nothing is'),
      }),
    )
    .min(1)
    .max(MEMORY_LIMITS.kvKeysPerCallMax)
    .refine((entries) => new Set(entries.map(({ key }) => key)).size === entries.length, 'no key may be there twice'),
})
export const kvMgetSchema = z.strictObject({
  keys: z.array(memoryKeySchema).min(1).max(MEMORY_LIMITS.kvKeysPerCallMax),
})

export const kvHead = ({ key, version, bytes, ...times }: KvEntry): z.input<typeof kvHeadSchema> => ({
  key,
  version,
  bytes,
  created_at: isoOf(times.createdAtMs),
  updated_at: isoOf(times.updatedAtMs),
  expires_at: isoOrNull(times.expiresAtMs),
})

export const kvView = (entry: KvEntry): z.input<typeof kvEntrySchema> => ({
  ...kvHead(entry),
  value: JSON.parse(entry.value),
})
