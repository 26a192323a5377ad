// Many small reads as one: whoever asks while a query is on its way waits for the next one, which asks for all who came.
// Nobody is given what was read before it asked, so a key that was revoked a moment ago is seen as revoked.
import DataLoader from 'dataloader'
import { STORE_LIMITS } from './limits.ts'

/** A reader of one key, null for what is not there; `read` is asked for different keys and answers those that it found. */
export function gathered<K, V>(
  read: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | null> {
  let reading: Promise<unknown> = Promise.resolve()
  const loader = new DataLoader<K, V | null>(
    async (keys) => {
      const found = read([...new Set(keys)])
      reading = found.catch(() => undefined)
      const values = await found
      return keys.map((key) => values.get(key) ?? null)
    },
    {
      cache: false,
      maxBatchSize: STORE_LIMITS.gatheredMax,
      batchScheduleFn: (send) => void reading.then(send),
    },
  )
  return (key) => loader.load(key)
}
