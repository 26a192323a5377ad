// The interface of a kernel: what the planner, the engines, the hub and the reducer need to know of a workload.
// One folder a kernel; registry.gen.ts lists them. Engines run the `Launch`, they never see args.
import type { z } from 'zod'
import type { Digest } from '../exact/digest.ts'
import type { Rational } from '../exact/rational.ts'

export interface KernelId {
  readonly op: string
  readonly version: number
  readonly profile: string
}

/** Names one table by what it is compiled from; equal specs give equal bytes on every machine. */
export type TableSpec =
  | {
      readonly kind: 'lognormal-quantile.v1'
      readonly mu: number
      readonly sigma: number
      /** Values are in quanta of 2^-fractionBits. */
      readonly fractionBits: number
      /** In quanta; values at or above it read as the ceiling. `null`: none. */
      readonly ceiling: number | null
    }
  | { readonly kind: 'poisson-threshold.v1'; readonly rate: number }

export interface CompiledTable {
  /** u32 words, as every engine loads them; their digest is over the little-endian bytes. */
  readonly words: Uint32Array
}

/** What a shard run needs: nothing in it names a client, a job or the args. */
export interface Launch {
  /** The kernel's constants, u32 words in the order that the kernel's folder documents. */
  readonly constants: Uint32Array
  /** By the name the kernel gives each table; a table that the contract does not need is absent. */
  readonly tables: Readonly<Record<string, Uint32Array>>
}

/** The grain: fixed by op and args alone. */
export interface ShardGrid {
  readonly units: bigint
  readonly unitsPerShard: number
  readonly shards: number
}

/** A contract's plan before its tables are compiled. */
export interface KernelPlan {
  readonly grid: ShardGrid
  readonly drawsPerUnit: Rational
  readonly tables: Readonly<Record<string, TableSpec>>
  /** What the args fix and the plan's digest covers: JSON of the kernel's own; the key comes from the root seed. */
  readonly facts: object
}

/** Why well-formed args cannot be planned: 422 with this code and these field errors. */
export interface PlanRefusal {
  readonly refused: true
  readonly code: 'RANGE_NOT_SUPPORTED'
  readonly errors: readonly { readonly path: string; readonly message: string }[]
}

export interface ShardRange {
  readonly shard: number
  readonly firstUnit: bigint
  readonly units: number
}

/** What the reduction publishes: JSON with doubles that were rounded once from exact rationals. */
export type KernelOutput = Record<string, unknown>

export interface Kernel<Args = unknown, Shard = unknown, Total = unknown, Plan extends KernelPlan = KernelPlan> {
  readonly id: KernelId
  readonly aliases: readonly string[]
  /** Freezes generator, table algorithm, partial layout and vectors. */
  readonly digest: Digest
  readonly argsSchema: z.ZodType<Args>
  /** Greatest legal encoded partial, in bytes: sizes the socket's and the store's limits. */
  readonly partialBytesMax: number
  plan(args: Args): Plan | PlanRefusal
  /** Puts key, facts and compiled tables together for the engines. */
  launch(plan: Plan, key: readonly [number, number], tables: Readonly<Record<string, Uint32Array>>): Launch
  /** The definition: slow, clear, and right. */
  reference(launch: Launch, range: ShardRange): Uint8Array
  /**
   * Strictly parses one shard's partial and checks that it could be true (bins add up to the units, sums lie within
   * what the bins allow). Throws a `PartialError` with a sentence; an honest agent never causes it.
   */
  decode(bytes: Uint8Array, units: number, plan: Plan): Shard
  empty(): Total
  /** Integer addition only, so any order of shards gives the same total. */
  add(total: Total, shard: Shard): void
  output(total: Total, args: Args, plan: Plan): KernelOutput
}

/** An answer that no honest agent can return. */
export class PartialError extends Error {
  override readonly name = 'PartialError'
}

export const isRefusal = (plan: object): plan is PlanRefusal => 'refused' in plan

/** Shard n of a grid. Throws when there is none. */
export function shardRange(grid: ShardGrid, shard: number): ShardRange {
  if (!Number.isInteger(shard) || shard < 0 || shard >= grid.shards) {
    throw new RangeError(`shard ${shard} is not one of ${grid.shards}`)
  }
  const firstUnit = BigInt(shard) * BigInt(grid.unitsPerShard)
  const rest = grid.units - firstUnit
  return {
    shard,
    firstUnit,
    units: rest < BigInt(grid.unitsPerShard) ? Number(rest) : grid.unitsPerShard,
  }
}
