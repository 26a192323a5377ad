// The object store that the settings name: for the server, and for commands that run beside one.
import path from 'node:path'
import type { Config } from '../../config.ts'
import { makeFolder, makeOwnFolder } from '../../store/make-folder.ts'
import { diskObjects, openDiskObjects } from './disk-objects.ts'
import type { ObjectStore } from './object-store.ts'
import { openS3Objects } from './s3-objects.ts'

type Place = Pick<Config, 's3' | 'dataDir'>

/** Of uploads at least, also where the objects are in a bucket. */
export const folderOf = ({ dataDir }: Place): string => path.join(dataDir, 'objects')

/** One server at a time: what an earlier one left unfinished is removed. */
export async function openObjects(place: Place): Promise<ObjectStore> {
  const folder = folderOf(place)
  await makeOwnFolder(folder)
  return place.s3 === null ? openDiskObjects(folder) : openS3Objects(place.s3, path.join(folder, 'uploads'))
}

/** Leaves alone what a server is being sent at this moment. */
export async function openObjectsBesideServer(place: Place): Promise<ObjectStore> {
  const folder = folderOf(place)
  await makeOwnFolder(folder)
  if (place.s3 !== null) return openS3Objects(place.s3, path.join(folder, 'uploads-of-commands'))
  await makeFolder(path.join(folder, 'uploads'))
  return diskObjects(folder)
}
