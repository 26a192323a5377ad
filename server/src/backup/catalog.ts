// What the database knows of its own tables: names, columns, sizes, triggers and references. A store has a schema of its own,
// so whatever is there is ours.
import type { Query } from '../store/engine.ts'

const OURS = 'current_schema()::regnamespace'

/** Without `migrations`, which the migrations themselves write. In the order of their names. */
export async function tablesOf(query: Query): Promise<string[]> {
  const rows = await query(
    `select relname::text from pg_class
      where relnamespace = ${OURS} and relkind = 'r' and relname <> 'migrations' order by relname collate "C"`,
    [],
  )
  return rows.map(([name]) => String(name))
}

/** Those that a row is written with: what the database computes from them is left out. */
export async function columnsOf(query: Query, table: string): Promise<string[]> {
  const rows = await query(
    `select quote_ident(attname) from pg_attribute
      where attrelid = quote_ident($1)::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  )
  return rows.map(([name]) => String(name))
}

/** Counters behind identity columns, which never give a number twice: by their names, the last number that they gave. */
export async function countersOf(query: Query): Promise<Record<string, string>> {
  const rows = await query(
    `select sequencename::text, coalesce(last_value, 0)::text from pg_sequences
      where schemaname = current_schema() order by sequencename collate "C"`,
    [],
  )
  return Object.fromEntries(rows.map(([name, last]) => [String(name), String(last)]))
}

export async function setCounter(query: Query, name: string, last: string): Promise<void> {
  if (last !== '0') await query('select setval(quote_ident($1)::regclass, $2::text::bigint)', [name, last])
}

/** Characters of the longest row as JSON, roughly: bytes are written as two each. Nothing is unpacked for it. */
export async function longestRow(query: Query, table: string): Promise<number> {
  const columns = await query(
    `select quote_ident(attname), format_type(atttypid, null) from pg_attribute
      where attrelid = quote_ident($1)::regclass and attnum > 0 and not attisdropped`,
    [table],
  )
  const parts = columns.map(([name, type]) =>
    type === 'text' || type === 'bytea' ? `2 * coalesce(octet_length(${String(name)}), 0)` : '64',
  )
  const [row] = await query(`select coalesce(max(${parts.join(' + ')}), 0)::text from "${table}"`, [])
  return Number(row?.[0] ?? 0)
}

/** Statements that switch all triggers of a kind off, and those that make them again what they are now. */
export interface Switch {
  readonly off: readonly string[]
  readonly on: readonly string[]
}

const ENABLED: Readonly<Record<string, string>> = { O: 'enable', A: 'enable always', R: 'enable replica', D: 'disable' }

export async function triggersOf(query: Query): Promise<Switch> {
  const rows = await query(
    `select quote_ident(c.relname), quote_ident(t.tgname), t.tgenabled::text
      from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = ${OURS} and not t.tgisinternal order by c.relname, t.tgname`,
    [],
  )
  return {
    off: rows.map(([table, trigger]) => `alter table ${table} disable trigger ${trigger}`),
    on: rows.map(
      ([table, trigger, mode]) => `alter table ${table} ${ENABLED[String(mode)] ?? 'enable'} trigger ${trigger}`,
    ),
  }
}

/** Made again, a reference is checked for every row. */
export async function referencesOf(query: Query): Promise<Switch> {
  const rows = await query(
    `select c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
      from pg_constraint c where c.connamespace = ${OURS} and c.contype = 'f' order by 1, 2`,
    [],
  )
  return {
    off: rows.map(([table, name]) => `alter table ${table} drop constraint ${name}`),
    on: rows.map(([table, name, definition]) => `alter table ${table} add constraint ${name} ${definition}`),
  }
}
