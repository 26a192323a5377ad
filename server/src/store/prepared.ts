// Statements that are asked with every request: built once a handle, since to build one takes longer than to send it.
import { sql, type Placeholder, type SQL, type SQLWrapper } from 'drizzle-orm'
import type { Db } from './engine.ts'

/** What `prepare` makes of a handle, made once for each. */
export function perHandle<T>(prepare: (db: Db) => T): (db: Db) => T {
  const made = new WeakMap<Db, T>()
  return (db) => {
    const known = made.get(db)
    if (known !== undefined) return known
    const fresh = prepare(db)
    made.set(db, fresh)
    return fresh
  }
}

/** What stands for the columns of a row, each under its own name. */
export const placeholders = <N extends string>(...names: readonly N[]): Record<N, Placeholder<N>> =>
  Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as Record<N, Placeholder<N>>

/** The same for an update, which takes no bare placeholder. */
export const newValues = <N extends string>(...names: readonly N[]): Record<N, SQL> =>
  Object.fromEntries(names.map((name) => [name, sql`${sql.placeholder(name)}`])) as Record<N, SQL>

/** A new value, or null for the one that is there. */
export const orAsItIs = (placeholder: string, column: SQLWrapper): SQL =>
  sql`coalesce(${sql.placeholder(placeholder)}, ${column})`

/** Any of so many texts as the statement is run with, so that its own text is the same for every number; see `textArray`. */
export const isAnyOf = (column: SQLWrapper, placeholder: string): SQL =>
  sql`${column} = any(${sql.placeholder(placeholder)}::text[])`

/** An array as PostgreSQL itself reads it: a text to both drivers, of which neither asks the server for types. */
export const textArray = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`
