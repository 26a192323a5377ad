// Limits of backup and restore, which bound what is in memory at a time.

export const BACKUP_LIMITS = {
  /** Of rows as text: some tables have rows of megabytes, most have rows of a few hundred bytes. */
  batchBytes: 8 * 1024 * 1024,
  /** Of small rows, a round trip for each so many. */
  batchRowsMax: 2_000,
  /** Of the rows that are given to one insert. */
  insertBytes: 4 * 1024 * 1024,
  /** A manifest names some thirty tables. */
  manifestBytesMax: 1024 * 1024,
} as const
