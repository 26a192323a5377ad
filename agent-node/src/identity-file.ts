// A Node agent's identity in a file that only its owner can read: 32 secret bytes in hexadecimal.
import { mkdir, open, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { identityFromKeys, newSecretKey, type Identity } from '@forge/shared/agent/identity.ts'
import { fromHex, toHex } from '@forge/shared/exact/bytes.ts'

/** Where it is when nobody says otherwise: the user's data folder, as the XDG convention names it. */
export const defaultIdentityFile = (env: NodeJS.ProcessEnv): string =>
  path.join(env['XDG_DATA_HOME'] ?? path.join(homedir(), '.local', 'share'), 'forge-pool', 'agent.key')

/** Reads it, or makes it. Throws a sentence when the file holds something else. */
export async function identityFromFile(file: string): Promise<Identity> {
  const secretKey = (await made(file)) ?? (await read(file))
  return identityFromKeys({ kind: 'bytes', secretKey })
}

/** Undefined when the file is there already; of two agents that start at once, one makes it and both use it. */
async function made(file: string): Promise<Uint8Array | undefined> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const secretKey = newSecretKey()
    await handle.writeFile(`${toHex(secretKey)}\n`)
    await handle.sync()
    return secretKey
  } finally {
    await handle.close()
  }
}

async function read(file: string): Promise<Uint8Array> {
  const text = (await readFile(file, 'utf8')).trim()
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new Error(`${file} is not an agent's identity: it should hold 64 hexadecimal digits. Name another file.`)
  }
  return fromHex(text)
}
