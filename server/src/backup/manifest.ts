// What a backup says of itself: `manifest.json`, written last, so that a folder with one is whole.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { CannotRead } from '../store/sql-error.ts'
import { BACKUP_LIMITS } from './limits.ts'

export const MANIFEST = 'manifest.json'

const manifestSchema = z.strictObject({
  format: z.literal('forge-pool/backup.v1'),
  created_at: z.iso.datetime(),
  /** Hashes of the migrations that its tables have: all of this version's, or of an earlier one's. */
  migrations: z.array(z.string()).min(1),
  /** By name: how many rows, and SHA-256 of its lines before they are compressed. */
  tables: z.record(
    z.string().regex(/^[a-z_][a-z0-9_]*$/),
    z.strictObject({ rows: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
  /** By name: the last number that it gave, 0 for none. */
  counters: z.record(z.string().regex(/^[a-z_][a-z0-9_]*$/), z.string().regex(/^\d{1,19}$/)),
  /** Null: they were left out, and are kept elsewhere. */
  objects: z.strictObject({ count: z.int().nonnegative(), bytes: z.int().nonnegative() }).nullable(),
})
export type Manifest = z.infer<typeof manifestSchema>

/** Refuses what is no whole backup with a sentence. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, MANIFEST)
  const size = await stat(file).then(
    (found) => found.size,
    () => null,
  )
  if (size === null) throw new CannotRead(`There is no whole backup in ${folder}: it has no ${MANIFEST}.`)
  if (size > BACKUP_LIMITS.manifestBytesMax) throw new CannotRead(`${file} is not a manifest: it is too long.`)
  const parsed = manifestSchema.safeParse(jsonOf(await readFile(file, 'utf8')))
  if (!parsed.success) throw new CannotRead(`${file} is not the manifest of a backup that this version reads.`)
  return parsed.data
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
