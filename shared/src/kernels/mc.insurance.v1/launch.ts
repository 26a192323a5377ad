// What every engine of this kernel is handed: 96 constants and up to three tables, by name and position.
import type { Launch } from '../kernel.ts'
import type { InsuranceFacts } from './facts.ts'
import { PROFILES } from './profile.ts'

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
/** One place stays free: as many segments as places lie around them. */
export const SELECTED_MAX = CONSTANTS - CONSTANT.selectedBins - 1

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

/** An amount of two words. */
export const amountOf = ({ constants }: Launch, at: number): bigint =>
  BigInt(constants[at] ?? 0) | (BigInt(constants[at + 1] ?? 0) << 32n)

/** The bins that a tail program lists. */
export const selectedBins = ({ constants }: Launch): number[] => [
  ...constants.subarray(CONSTANT.selectedBins, CONSTANT.selectedBins + (constants[CONSTANT.selected] ?? 0)),
]

/** Amounts of the facts, the key, and what the pass adds. A pass of events knows no aggregate terms. */
export function constantsOf(
  facts: InsuranceFacts,
  [key0, key1]: readonly [number, number],
  events: boolean,
  bins: readonly number[],
): Uint32Array {
  const constants = new Uint32Array(CONSTANTS)
  const put = (at: number, amount: bigint): void => {
    constants[at] = Number(amount & 0xffffffffn)
    constants[at + 1] = Number(amount >> 32n)
  }
  const { none } = PROFILES[facts.profile]
  constants[CONSTANT.key0] = key0
  constants[CONSTANT.key1] = key1
  put(CONSTANT.deductible, BigInt(facts.deductible))
  put(CONSTANT.policyLimit, BigInt(facts.policyLimit))
  put(CONSTANT.catLimit, BigInt(facts.catLimit))
  put(CONSTANT.aggregateDeductible, events ? 0n : BigInt(facts.aggregateDeductible))
  put(CONSTANT.aggregateLimit, events ? none : BigInt(facts.aggregateLimit))
  put(CONSTANT.sumCap, events ? none : BigInt(facts.sumCap))
  constants[CONSTANT.catPossible] = facts.catPossible
  constants[CONSTANT.catHigh] = facts.catHigh
  constants[CONSTANT.catLow] = facts.catLow
  constants[CONSTANT.greatestEvent] = events ? 1 : 0
  constants[CONSTANT.selected] = bins.length
  constants.fill(0xffffffff, CONSTANT.selectedBins)
  constants.set(bins, CONSTANT.selectedBins)
  return constants
}
