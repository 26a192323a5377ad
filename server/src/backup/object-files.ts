// The objects of a store, blobs and arrays, as files of a backup: each held against the SHA-256 that the store has of it, on
// the way out and on the way back.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { writeSynced } from '../memory/blob/disk-objects.ts'
import type { ObjectStore } from '../memory/blob/object-store.ts'
import { CannotRead } from '../store/sql-error.ts'
import { fileOfTable, readTableFile } from './table-file.ts'

const rowSchema = z.object({
  id: z.string().regex(/^[0-9A-Z]{26}$/),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
type ObjectRow = z.infer<typeof rowSchema>

export interface ObjectsFacts {
  readonly count: number
  readonly bytes: number
}

const fileOfObject = (folder: string, id: string): string => path.join(folder, 'objects', id.slice(-2), id)

/** Of the table in the backup: what the store had at its moment. */
async function* objectRows(folder: string): AsyncIterable<ObjectRow> {
  for await (const line of readTableFile(fileOfTable(folder, 'objects'))) yield rowSchema.parse(JSON.parse(line))
}

/** What is missing or broken is refused with a sentence. */
export async function writeObjects(folder: string, objects: ObjectStore): Promise<ObjectsFacts> {
  let [count, bytes] = [0, 0]
  for await (const row of objectRows(folder)) {
    const file = fileOfObject(folder, row.id)
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    const broken = `The object ${row.id} is missing or broken: it is not what the store says of it.`
    try {
      await writeSynced(file, checked(objects.read(row.id), row, broken))
    } catch (error) {
      await rm(file, { force: true })
      if (error instanceof CannotRead) throw error
      throw new CannotRead(broken, { cause: error })
    }
    count++
    bytes += row.bytes
  }
  return { count, bytes }
}

export async function putObjects(folder: string, objects: ObjectStore): Promise<ObjectsFacts> {
  let [count, bytes] = [0, 0]
  for await (const row of objectRows(folder)) {
    const broken = `The object ${row.id} of the backup is missing or broken.`
    await objects.put(row.id, checked(createReadStream(fileOfObject(folder, row.id)), row, broken)).catch((error) => {
      throw isMissing(error) ? new CannotRead(broken) : error
    })
    count++
    bytes += row.bytes
  }
  return { count, bytes }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

async function* checked(bytes: AsyncIterable<Uint8Array>, row: ObjectRow, broken: string): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of bytes) {
    hash.update(chunk)
    length += chunk.length
    yield chunk
  }
  if (length !== row.bytes || hash.digest('hex') !== row.sha256) throw new CannotRead(broken)
}
