// What went wrong in the database, in a form that may be logged. Drizzle's own errors carry every parameter of the failed
// statement, secrets and megabytes included: they are taken off here and never leave the store.
import { DrizzleQueryError } from 'drizzle-orm'

/** Stored facts contradict each other: a bug of ours, or a kernel that is not deterministic. Nothing was written. */
export class StoreContradiction extends Error {
  override readonly name = 'StoreContradiction'
}

/** What a job refers to went between being looked up and the job's registration; nothing was written. */
export class ReferenceGone extends Error {
  override readonly name = 'ReferenceGone'
  readonly path: string
  constructor(path: string) {
    super(`what ${path} refers to is gone`)
    this.path = path
  }
}

/** More waits than the store may hold; nothing of this call was written or read. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy'
}

/** There is nothing to read, or not by this version. Its message is for the operator. */
export class CannotRead extends Error {
  override readonly name = 'CannotRead'
}

export function withoutParameters(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? (error.cause ?? new Error('a statement failed')) : error
}

/** SQLSTATE, or the code of a connection that failed. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** The written data themselves were refused: writing them again, or beside others, cannot help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof StoreContradiction || /^2[23]...$/.test(codeOf(error))
}

// Postgres: serialization, deadlock, too many connections, shutdown, crash, starting up.
const PASSING_STATES = ['40001', '40P01', '53300', '57P01', '57P02', '57P03']
// CONNECTION_ENDED, of postgres.js, is not among them: that is our own close.
const PASSING_CONNECTIONS = [
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
]
const PASSING_NETWORK = ['EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']
const PASSING_CODES = new Set([...PASSING_STATES, ...PASSING_CONNECTIONS, ...PASSING_NETWORK])

/**
 * The store has no room: it takes nothing new until somebody makes room, which no retry of ours can wait for. Disk, quota,
 * memory, I/O; and read only, which managed databases become when their disk is full.
 */
export function isStoreFull(error: unknown): boolean {
  return FULL_CODES.has(codeOf(error))
}

const FULL_CODES = new Set(['53000', '53100', '53200', '53400', '58030', '25006', 'ENOSPC', 'EDQUOT'])

/** The statement took longer than it may, or waited as long for a lock: it was taken back, and its transaction with it. */
export const isTooSlow = (error: unknown): boolean => codeOf(error) === '57014' || error instanceof StoreBusy

/** What may be different later, by itself or by an operator's hand: nothing that is said was refused. */
export const passesWithTime = (error: unknown): boolean => isPassing(error) || isStoreFull(error)

/** The world failed, not the statement: an idempotent transaction may be tried again. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error)
  return PASSING_CODES.has(code) || /^08...$/.test(code)
}
