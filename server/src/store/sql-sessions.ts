// The sessions' part of the store on an engine.
import type { Engine } from './engine.ts'
import { gathered } from './gathered.ts'
import { deleteSession, insertSession, sessionsByHash } from './queries/sessions.ts'
import type { SessionStore } from './session-store.ts'

export const createSessions = (engine: Engine): SessionStore => ({
  insertSession: (session, most, by) => engine.transaction((db) => insertSession(db, session, most, by)),
  session: gathered((hashes) => engine.run((db) => sessionsByHash(db, hashes))),
  deleteSession: (hash) => engine.run((db) => deleteSession(db, hash)),
})
