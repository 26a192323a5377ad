// What every engine of this kernel is handed: 96 constants and up to three tables, by name and position.
import type { Launch } from '../kernel.ts'

/** Philox domains: the fourth counter word. */
export const DOMAIN = { claim: 0x494e5331, refine: 0x494e5232, catastrophe: 0x494e4333 } as const

/**
 * Positions in `Launch.constants`. Amounts are in quanta, two words each, the low one first; none is 2^32 - 1 (narrow,
 * whose high words are 0) or 2^64 - 1 (wide). What is not named is 0.
 */
export const CONSTANT = {
  key0: 0,
  key1: 1,
  deductible: 2,
  policyLimit: 4,
  catLimit: 6,
  aggregateDeductible: 8,
  aggregateLimit: 10,
  sumCap: 12,
  /** 1 when a catastrophe can happen: its word is then at most (catHigh, catLow). */
  catPossible: 14,
  catHigh: 15,
  catLow: 16,
  /** 1: a year's loss is its greatest payment instead of the sum of them. */
  greatestEvent: 17,
  /** How many bins a tail program lists. */
  selected: 18,
  /** Those bins, ascending; 2^32 - 1 fills the places that are left. */
  selectedBins: 32,
} as const
export const CONSTANTS = 96
export const SELECTED_MAX = CONSTANTS - CONSTANT.selectedBins

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
