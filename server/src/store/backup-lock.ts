// While a backup runs, no bytes are removed from the object store: it copies what its moment's rows speak of, and that may
// take hours. Its connection holds a lock that the server's sweeper looks for; when the connection ends, so does the lock.
import { sql } from 'drizzle-orm'
import type { Query } from './engine.ts'

/** Any number will do that no other program on this database takes; it spells "fbak". */
const ADVISORY_LOCK = 0x66_62_61_6b

/** Before the transaction that reads begins: what was deleted before its moment it does not speak of. */
export async function holdObjects(query: Query): Promise<void> {
  await query('select pg_advisory_lock_shared($1)', [ADVISORY_LOCK])
}

/** A condition. Postgres shows a lock of one number as its upper and its lower half. */
export const noBackupRuns = () => sql`not exists (
  select 1 from pg_locks
  where locktype = 'advisory' and classid = 0 and objid = ${ADVISORY_LOCK} and objsubid = 1
    and database = (select oid from pg_database where datname = current_database()))`
