// Folders on the server's disk. Node's own recursive mkdir tries for ever where a parent is there and nothing can be made in
// it, as below /proc: each folder of the path is made by itself here. What is made is for its owner alone: in the store is the
// key that signs, and PGlite's own files can be read and written by everybody who reaches them.
import { chmod, mkdir, stat } from 'node:fs/promises'
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

const OWNER_ONLY = 0o700
const OF_OTHERS = 0o077

/** Makes a folder and those above it, where they are missing. What is there already stays as open as it is. */
export async function makeFolder(directory: string): Promise<void> {
  await usable(directory, () => make(path.resolve(directory)))
}

/** The same for one that is the server's own, whatever it lies in: one that others could enter is closed. */
export async function makeOwnFolder(directory: string): Promise<void> {
  await makeFolder(directory)
  // Where it is somebody else's, or a disk without modes, it stays: `openToOthers` then says so.
  if (await isOpen(directory)) await chmod(directory, OWNER_ONLY).catch(() => undefined)
}

/** Of those folders, which others can enter: a sentence for each, to warn with. */
export async function openToOthers(directories: readonly string[]): Promise<string[]> {
  const open: string[] = []
  for (const directory of directories) if (await isOpen(directory)) open.push(directory)
  return open.map(
    (directory) =>
      `Other users of this machine can enter the folder ${directory}, and this one may not close it. Give it to this user, or close it: chmod 700.`,
  )
}

/** Modes mean nothing on Windows. */
async function isOpen(directory: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  const found = await stat(directory).catch(() => null)
  return found !== null && (found.mode & OF_OTHERS) !== 0
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
    await mkdir(directory, OWNER_ONLY)
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
