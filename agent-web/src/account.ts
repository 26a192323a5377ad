// What belongs to the profile's key: the record of what it did, and the key itself as a file to take along. Loaded when it
// is first asked for, because it brings the curve with it.
import { identityFromKeys } from '@forge/shared/agent/identity.ts'
import type { AgentRecordView } from '@forge/shared/contract/agent-record.ts'
import { fromBase64, toBase64 } from '@forge/shared/exact/bytes.ts'
import { knownKeys, replaceIdentity, secretOfProfile } from './identity-store.ts'
import { requestRecord } from './record-request.ts'

/** Undefined where the profile has no key, or the pool does not answer: what was known then stays. */
export async function fetchRecord(): Promise<AgentRecordView | undefined> {
  const keys = await knownKeys()
  if (keys === undefined) return undefined
  const { publicKey, sign } = identityFromKeys(keys)
  const { origin } = globalThis.location
  try {
    return await requestRecord({ publicKey, sign, hub: origin, clock: Date.now, fetch: (...of) => fetch(...of) })
  } catch {
    return undefined
  }
}

const KIND = 'forge-pool identity, version 1'

/** Hands the key to the browser's downloads. False where it cannot leave. */
export async function exportKey(): Promise<boolean> {
  const secret = await secretOfProfile()
  if (secret === undefined) return false
  const file = new Blob([`${JSON.stringify({ kind: KIND, secret_key: toBase64(secret) }, null, 2)}\n`])
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = 'forge-pool-key.json'
  link.click()
  URL.revokeObjectURL(link.href)
  return true
}

/** False, and nothing changed, where the file is no such key. */
export async function importKey(file: File): Promise<boolean> {
  try {
    const found: unknown = JSON.parse(await file.text())
    if (typeof found !== 'object' || found === null || !('kind' in found) || !('secret_key' in found)) return false
    const { kind, secret_key } = found
    if (kind !== KIND || typeof secret_key !== 'string') return false
    await replaceIdentity(fromBase64(secret_key))
    return true
  } catch {
    return false
  }
}
