// Folders on the server's disk. Node's own recursive mkdir tries for ever where a parent is there and nothing can be made in
// it, as below /proc: each folder of the path is made by itself here.
import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'

/** Its message is for the operator. */
export class FolderUnusable extends Error {
  override readonly name = 'FolderUnusable'
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'nothing can be made there',
  ENOTDIR: 'part of the path is a file',
  EEXIST: 'it is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
}

/** Makes a folder and those above it, where they are missing. */
export async function makeFolder(directory: string): Promise<void> {
  await usable(directory, () => make(path.resolve(directory)))
}

/** What goes wrong with a folder of the operator's, as a sentence; what is no fault of the folder goes on as it is. */
export async function usable<T>(directory: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? WHY[String(error.code)] : undefined
    if (why === undefined) throw error
    throw new FolderUnusable(
      `The folder ${directory} cannot be used: ${why}. Name a folder in FORGE_DATA_DIR that this user may write.`,
      { cause: error },
    )
  }
}

async function make(directory: string): Promise<void> {
  const parent = path.dirname(directory)
  if (parent !== directory && !(await isThere(parent))) await make(parent)
  try {
    await mkdir(directory)
  } catch (error) {
    // Another process was first, or it was there before; some file systems say so in other words.
    if (!(await stat(directory).catch(() => null))?.isDirectory()) throw error
  }
}

/** Whatever it is: a file in its place is found when something is to be made in it. */
const isThere = (directory: string): Promise<boolean> =>
  stat(directory).then(
    () => true,
    () => false,
  )
