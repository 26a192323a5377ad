// Who is signed in to HQ. The only rows beside expired memory that are deleted.
import type { Digest } from '@forge/shared/exact/digest.ts'
import { and, desc, eq, inArray, lte } from 'drizzle-orm'
import type { ActChain, Actor } from '../acts.ts'
import type { Db } from '../engine.ts'
import { sessions } from '../session-schema.ts'
import type { SessionRow } from '../session-store.ts'
import { appendAct } from './acts.ts'

/** Two at the same time may leave one too many, until the next. */
export async function insertSession(
  db: Db,
  session: SessionRow,
  most: number,
  by: { readonly chain: ActChain; readonly actor: Actor },
): Promise<void> {
  await db.delete(sessions).where(lte(sessions.expiresAtMs, session.createdAtMs))
  const [begun] = await db.insert(sessions).values(session).onConflictDoNothing().returning({ hash: sessions.hash })
  const ofKey = eq(sessions.keyHash, session.keyHash)
  const beyond = await db
    .select({ hash: sessions.hash })
    .from(sessions)
    .where(ofKey)
    .orderBy(desc(sessions.createdAtMs), desc(sessions.hash))
    .offset(most)
  const old = beyond.map(({ hash }) => hash)
  if (old.length > 0) await db.delete(sessions).where(and(ofKey, inArray(sessions.hash, old)))
  const { createdAtMs: atMs, expiresAtMs } = session
  const data = { expires_at_ms: expiresAtMs }
  if (begun !== undefined) await appendAct(db, { ...by, atMs, type: 'session.begun', subject: null, data })
}

export async function sessionsByHash(db: Db, hashes: readonly Digest[]): Promise<Map<Digest, SessionRow>> {
  const rows = await db
    .select()
    .from(sessions)
    .where(inArray(sessions.hash, [...hashes]))
  return new Map(rows.map((row) => [row.hash, row]))
}

export async function deleteSession(db: Db, hash: Digest): Promise<void> {
  await db.delete(sessions).where(eq(sessions.hash, hash))
}
