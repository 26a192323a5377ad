// What is shown of blobs.
import { z } from 'zod'
import type { BlobRow } from '../../store/memory.ts'
import { isoOf, isoOrNull } from '../../web-core/times.ts'

const time = z.iso.datetime()

export const blobSchema = z.strictObject({
  name: z.string(),
  bytes: z.int(),
  sha256: z.string().describe('of the bytes, in hexadecimal'),
  content_type: z.string().describe('as it was said; what is not known to be harmless is served as octets'),
  version: z.int().describe('greater with every write in the project; its entity tag is the version in quotes'),
  created_at: time,
  updated_at: time,
  expires_at: time.nullable(),
})

export const blobView = (row: BlobRow): z.input<typeof blobSchema> => ({
  name: row.name,
  bytes: row.bytes,
  sha256: row.sha256,
  content_type: row.contentType,
  version: row.version,
  created_at: isoOf(row.createdAtMs),
  updated_at: isoOf(row.updatedAtMs),
  expires_at: isoOrNull(row.expiresAtMs),
})
