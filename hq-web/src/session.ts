// Who is signed in, as every view may ask. The cookie itself is out of reach for scripts.
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { get, post, remove, type Schema } from './api.ts'

export type Session = Schema<'SignInAnswer'>

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('a view is shown to nobody')
  return session
}

export const may = ({ scopes }: Session, scope: Session['scopes'][number]): boolean => scopes.includes(scope)

export const whoIsThere = (signal: AbortSignal): Promise<Session> => get('/hq/session', { signal })
export const signIn = (key: string): Promise<Session> => post('/hq/session', { key })
export const signOut = (): Promise<void> => remove('/hq/session')
