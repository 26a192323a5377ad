// What a project may call an agent: an opaque name, the same for all of the project's jobs and another one for every other
// project, from which the identity cannot be told. An HMAC under a secret of the store's.
import type { Identity, ProjectId } from '@forge/shared/contract/ids.ts'
import { fromHex, toHex, utf8 } from '@forge/shared/exact/bytes.ts'
import { hmacSha256 } from '@forge/shared/exact/digest.ts'
import type { Store } from '../store/store.ts'

const SECRET_BYTES = 32
/** 64 bits: two of a project's agents never share a name by chance. */
const SHOWN_DIGITS = 16

export type AgentAlias = (projectId: ProjectId) => Promise<(identity: Identity) => string>

export function createAgentAlias(
  store: Pick<Store, 'settingOrPut'>,
  randomBytes: (count: number) => Uint8Array,
): AgentAlias {
  let secret: Promise<Uint8Array> | null = null
  const read = async (): Promise<Uint8Array> => {
    try {
      return fromHex(await store.settingOrPut('agent-alias-secret', toHex(randomBytes(SECRET_BYTES))))
    } catch (error) {
      // Asked again by the next request.
      secret = null
      throw error
    }
  }
  return async (projectId) => {
    const key = await (secret ??= read())
    return (identity) => toHex(hmacSha256(key, utf8(`${projectId} ${identity}`))).slice(0, SHOWN_DIGITS)
  }
}
