// The profile's identity in IndexedDB, shared by all its tabs. The private key is stored as a CryptoKey that nobody can
// read out, this page included.
import { identityFromKeys, newIdentityKeys, type Identity, type IdentityKeys } from '@forge/shared/agent/identity.ts'

const DATABASE = 'forge-pool'
const STORE = 'identity'
const KEY = 'agent'

/** Where the profile keeps nothing (private windows of some browsers) the identity lives as long as the tab. */
export async function profileIdentity(): Promise<Identity> {
  // Made before the transaction, which would not wait for it; of two tabs that start at once the first one's stays.
  const fresh = await newIdentityKeys()
  return identityFromKeys(await kept(fresh).catch(() => fresh))
}

async function kept(fresh: IdentityKeys): Promise<IdentityKeys> {
  const database = await opened()
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, 'readwrite')
      const store = transaction.objectStore(STORE)
      let keys = fresh
      const found: IDBRequest<IdentityKeys | undefined> = store.get(KEY)
      found.onsuccess = () => {
        if (found.result) keys = found.result
        else store.put(fresh, KEY)
      }
      transaction.oncomplete = () => resolve(keys)
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
