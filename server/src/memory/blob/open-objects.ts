// The object store that the settings name: for the server, and for commands that run beside one.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../config.ts'
import { diskObjects, openDiskObjects } from './disk-objects.ts'
import type { ObjectStore } from './object-store.ts'
import { openS3Objects } from './s3-objects.ts'

type Place = Pick<Config, 's3' | 'dataDir'>

const folderOf = ({ dataDir }: Place): string => path.join(dataDir, 'objects')

/** One server at a time: what an earlier one left unfinished is removed. */
export function openObjects(place: Place): Promise<ObjectStore> {
  const folder = folderOf(place)
  return place.s3 === null ? openDiskObjects(folder) : openS3Objects(place.s3, path.join(folder, 'uploads'))
}

/** Leaves alone what a server is being sent at this moment. */
export async function openObjectsBesideServer(place: Place): Promise<ObjectStore> {
  const folder = folderOf(place)
  if (place.s3 !== null) return openS3Objects(place.s3, path.join(folder, 'uploads-of-commands'))
  await mkdir(path.join(folder, 'uploads'), { recursive: true })
  return diskObjects(folder)
}
