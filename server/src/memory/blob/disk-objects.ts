// Objects in a folder, the standard: a file each, in 1,024 folders by the last two characters of the id, which are random. An
// upload goes to a temporary file, which is synced and renamed: under its name a file is whole, also after a power cut.
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { makeFolder } from '../../store/make-folder.ts'
import type { ObjectStore } from './object-store.ts'

/** Throws when the folder cannot be made. Uploads that an earlier process left unfinished are removed. */
export async function openDiskObjects(folder: string): Promise<ObjectStore> {
  const uploads = path.join(folder, 'uploads')
  await makeFolder(uploads)
  for (const left of await readdir(uploads)) await rm(path.join(uploads, left), { force: true })
  return diskObjects(folder)
}

/** The folder is there, with its uploads, and somebody else may be at work in it. */
export function diskObjects(folder: string): ObjectStore {
  const uploads = path.join(folder, 'uploads')
  const placeOf = (id: string): string => path.join(folder, requireId(id).slice(-2), id)
  return {
    async put(id, bytes) {
      const place = placeOf(id)
      const upload = path.join(uploads, id)
      try {
        await writeSynced(upload, bytes)
        await mkdir(path.dirname(place), { recursive: true, mode: 0o700 })
        await rename(upload, place)
        await syncFolder(path.dirname(place))
      } catch (error) {
        await rm(upload, { force: true })
        throw error
      }
    },
    async *read(id, range) {
      yield* createReadStream(placeOf(id), range === undefined ? {} : { start: range.first, end: range.last })
    },
    remove: (id) => rm(placeOf(id), { force: true }),
  }
}

export async function writeSynced(file: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    for await (const chunk of bytes) await handle.writeFile(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A rename is durable when the folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Ids are ours; that one never leads out of the folder does not hang on that. */
function requireId(id: string): string {
  if (/^[0-9A-Z]{26}$/.test(id)) return id
  throw new Error(`${JSON.stringify(id)} is no id of an object`)
}
