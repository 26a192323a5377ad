// What every engine of this kernel is handed: sixteen constants and up to three tables, by name and position.
import type { Launch } from '../kernel.ts'

/** Philox domains: the fourth counter word. */
export const DOMAIN = { claim: 0x494e5331, refine: 0x494e5232, catastrophe: 0x494e4333 } as const

/** Positions in `Launch.constants`; amounts in quanta, 2^32 - 1 for none. Positions 11 to 15 are 0. */
export const CONSTANT = {
  key0: 0,
  key1: 1,
  deductible: 2,
  policyLimit: 3,
  catLimit: 4,
  aggregateDeductible: 5,
  aggregateLimit: 6,
  sumCap: 7,
  /** 1 when a catastrophe can happen: its word is then at most (catHigh, catLow). */
  catPossible: 8,
  catHigh: 9,
  catLow: 10,
} as const
export const CONSTANTS = 16

export interface Tables {
  readonly severity: Uint32Array
  readonly count: Uint32Array
  /** Empty when no catastrophe can happen. */
  readonly catastrophe: Uint32Array
}

export function readTables(launch: Launch): Tables {
  const { severity, count, catastrophe } = launch.tables
  if (severity === undefined || count === undefined) throw new TypeError('a launch has the tables severity and count')
  if (launch.constants[CONSTANT.catPossible] === 1 && catastrophe === undefined) {
    throw new TypeError('a launch with catastrophes has their table')
  }
  return { severity, count, catastrophe: catastrophe ?? new Uint32Array() }
}
