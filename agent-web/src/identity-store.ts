// The profile's identity in IndexedDB, shared by all its tabs. It can be taken along as a file and brought back, so the key
// is one that may leave the browser; what is signed with it is shards, and credits have no cash value.
import {
  exportSecretKey,
  identityFromKeys,
  importSecretKey,
  newIdentityKeys,
  type Identity,
  type IdentityKeys,
} from '@forge/shared/agent/identity.ts'

const DATABASE = 'forge-pool'
const STORE = 'identity'
const KEY = 'agent'

/** Where the profile keeps nothing (private windows of some browsers) the identity lives as long as the tab. */
export async function profileIdentity(): Promise<Identity> {
  // Made before the transaction, which would not wait for it; of two tabs that start at once the first one's stays.
  const fresh = await newIdentityKeys({ taken: true })
  const keys = await inStore<IdentityKeys>('readwrite', (store, give) => {
    const found: IDBRequest<IdentityKeys | undefined> = store.get(KEY)
    found.onsuccess = () => {
      if (found.result === undefined) store.put(fresh, KEY)
      give(found.result ?? fresh)
    }
  }).catch(() => fresh)
  return identityFromKeys(keys)
}

/** The identity that is there; undefined where none was made. */
export async function knownKeys(): Promise<IdentityKeys | undefined> {
  return inStore<IdentityKeys | undefined>('readonly', (store, give) => {
    const found: IDBRequest<IdentityKeys | undefined> = store.get(KEY)
    found.onsuccess = () => give(found.result)
  }).catch(() => undefined)
}

/** The 32 secret bytes; undefined where there is no key, or it was made so that it cannot leave. */
export async function secretOfProfile(): Promise<Uint8Array | undefined> {
  const keys = await knownKeys()
  return keys && exportSecretKey(keys)
}

/** From now on the profile is this identity. Rejects when the bytes are no key or the profile keeps nothing. */
export async function replaceIdentity(secret: Uint8Array): Promise<void> {
  const keys = await importSecretKey(secret)
  await inStore('readwrite', (store, give) => {
    store.put(keys, KEY)
    give(undefined)
  })
}

async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore, give: (result: T) => void) => void,
): Promise<T> {
  const database = await opened()
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode)
      let result: { readonly is: T } | undefined
      act(transaction.objectStore(STORE), (is) => (result = { is }))
      transaction.oncomplete = () => (result ? resolve(result.is) : reject(new Error('the store gave nothing')))
      transaction.onabort = () => reject(transaction.error)
    })
  } finally {
    database.close()
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
