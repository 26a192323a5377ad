// Compiled tables, by what they are compiled from and by what they are.
import { bytesToWords, wordsToBytes } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { eq, type SQL } from 'drizzle-orm'
import type { Db } from '../engine.ts'
import { tables } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'

export const tableByKey = (db: Db, key: string) => words(db, eq(tables.key, key))
export const tableByDigest = (db: Db, digest: Digest) => words(db, eq(tables.digest, digest))

export async function putTable(db: Db, key: string, digest: Digest, content: Uint32Array): Promise<void> {
  const row = { key, digest, words: wordsToBytes(content) }
  const [put] = await db.insert(tables).values(row).onConflictDoNothing().returning({ digest: tables.digest })
  if (put !== undefined) return
  const [stored] = await db.select({ digest: tables.digest }).from(tables).where(eq(tables.key, key))
  if (stored?.digest !== digest) {
    throw new StoreContradiction(`the table ${key} is ${stored?.digest}; compiled again it cannot be ${digest}`)
  }
}

async function words(db: Db, which: SQL): Promise<Uint32Array | null> {
  const [table] = await db.select({ words: tables.words }).from(tables).where(which).limit(1)
  return table === undefined ? null : bytesToWords(table.words)
}
