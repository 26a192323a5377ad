// What an operator can mend, as a sentence: of settings, folders, ports and databases. Anything else is ours, and wants its
// stack.
import { ConfigError } from './config.ts'
import { DirectoryInUse } from './store/directory-lock.ts'
import { FolderUnusable } from './store/make-folder.ts'
import { CannotRead } from './store/sql-error.ts'

const FOR_THE_OPERATOR = [ConfigError, DirectoryInUse, FolderUnusable, CannotRead] as const

export function sentenceFor(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  if (FOR_THE_OPERATOR.some((kind) => error instanceof kind)) return error.message
  if (!('code' in error)) return null
  if (error.code === 'EADDRINUSE') return `${error.message}. Another program listens there: choose another PORT.`
  if (error.code === 'EACCES')
    return `${error.message}. Choose a PORT above 1023, or a FORGE_DATA_DIR that can be written.`
  if (error.code === 'EADDRNOTAVAIL') return `${error.message}. HOST is not an address of this machine.`
  if (error.code === 'ENOTDIR' || error.code === 'ENOENT') return `FORGE_DATA_DIR cannot be a folder: ${error.message}`
  if (error.code === 'ENOTFOUND') return `${error.message}. HOST, or the host in DATABASE_URL, has no address.`
  if (error.code === 'ECONNREFUSED') return `The database at DATABASE_URL does not answer: ${error.message}`
  // SQLSTATE: no such database, no such role or a wrong password.
  if (/^(3D000|28...)$/.test(String(error.code))) return `The database at DATABASE_URL refuses: ${error.message}`
  return null
}
