// Where the demo and the tests keep what is costly to make: an unpacked browser, an initialised store. One folder a user,
// made atomically, so that two processes may race.
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

async function writableCache(): Promise<string> {
  const home = path.join(os.homedir(), '.cache', 'forge-pool')
  try {
    await mkdir(home, { recursive: true })
    await access(home, constants.W_OK)
    return home
  } catch {
    // The temporary directory is everyone's, so the folder carries our user id and must be ours: we run what is in it.
    const uid = process.getuid?.() ?? 0
    const shared = path.join(os.tmpdir(), `forge-pool-${uid}`)
    await mkdir(shared, { recursive: true, mode: 0o700 })
    if ((await stat(shared)).uid !== uid) throw new Error(`${shared} belongs to another user`)
    return shared
  }
}

/** The folder of that name in the cache; `make` fills a fresh one when it is not there. */
export async function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(await writableCache(), name)
  if (await exists(folder)) return folder
  const staging = await mkdtemp(`${folder}-making-`)
  try {
    await make(staging)
    // The loser of a race throws its copy away and uses the winner's.
    await rename(staging, folder)
  } catch (error) {
    if (!(await exists(folder))) throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return folder
}

const exists = (folder: string): Promise<boolean> =>
  access(folder).then(
    () => true,
    () => false,
  )
