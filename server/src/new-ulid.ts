// ULIDs with their chance from a pool: the library asks for it sixteen times an id, a byte at a time.
import { randomFillSync } from 'node:crypto'
import { ulid } from 'ulid'

const pool = new Uint8Array(4_096)
let used = pool.length

/** From 0 to below 1; the library makes five bits of it. */
function chance(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return (pool[used++] ?? 0) / 256
}

export const newUlid = (): string => ulid(undefined, chance)
