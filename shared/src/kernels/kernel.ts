// The interface of a kernel: what the planner, the engines, the hub and the reducer need to know of a workload.
// One folder a kernel; registry.gen.ts lists them. Engines run the `Launch`, they never see args.
import type { z } from 'zod'
import type { Digest } from '../exact/digest.ts'
import type { Dtype } from '../exact/typed-array.ts'
import type { Rational } from '../exact/rational.ts'

export interface KernelId {
  readonly op: string
  readonly version: number
  readonly profile: string
}

/** Names one table by what it is compiled from; equal specs give equal bytes on every machine. */
export type TableSpec =
  | {
      readonly kind: 'lognormal-quantile.v2'
      readonly mu: number
      readonly sigma: number
      /** Values are in quanta of 2^-fractionBits. */
      readonly fractionBits: number
      /** In quanta, in decimal; values at or above it read as the ceiling or more. `null`: none. */
      readonly ceiling: string | null
      /** Whether rows have shifts and values may reach 2^63, instead of 2^32. */
      readonly wide: boolean
    }
  | {
      readonly kind: 'empirical-quantile.v1'
      /** 2 to 63 points (p, x), p rising from 0 to 1, x never falling; linear between them. */
      readonly quantiles: readonly (readonly [p: number, x: number])[]
      readonly fractionBits: number
      readonly ceiling: string | null
      readonly wide: boolean
    }
  | { readonly kind: 'poisson-threshold.v1'; readonly rate: number }

export interface CompiledTable {
  /** u32 words, as every engine loads them; their digest is over the little-endian bytes. */
  readonly words: Uint32Array
}

/** What a shard run needs: nothing in it names a client, a job or the args. */
export interface Launch {
  /** Which of the kernel's programs runs it: its artifact lists them. */
  readonly program: string
  /** The kernel's constants, u32 words in the order that the kernel's folder documents. */
  readonly constants: Uint32Array
  /** By the name the kernel gives each table; a table that the contract does not need is absent. */
  readonly tables: Readonly<Record<string, Uint32Array>>
}

/** The grain: fixed by op and args alone. */
export interface ShardGrid {
  readonly units: bigint
  readonly unitsPerShard: number
  /** Of one pass over the units. */
  readonly shards: number
  /** Pass k has the shards k * shards to (k + 1) * shards - 1, over the same units in the same order. */
  readonly passes: number
}

/** One run over all units of a job. */
export interface PassPlan {
  readonly program: string
  /** What the pass adds to the plan's facts: JSON of the kernel's own, covered by the plan's digest. */
  readonly facts: object
}

/** A contract's plan before its tables are compiled. */
export interface KernelPlan {
  readonly grid: ShardGrid
  readonly drawsPerUnit: Rational
  readonly tables: Readonly<Record<string, TableSpec>>
  /** Those that are known from the start and run side by side. */
  readonly passes: readonly PassPlan[]
  /** Whether one more pass follows, planned by `refine` from the total of these: grid.passes counts it. */
  readonly refines: boolean
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

/** Part of an output as an array, which a job may write into VMem for other contracts to refer to. */
export interface OutputArray<Args = unknown> {
  /** Why an output of these args will not have it, as a sentence; null when it will. */
  missing(args: Args): string | null
  of(output: KernelOutput): {
    readonly dtype: Dtype
    readonly shape: readonly number[]
    readonly values: readonly (number | bigint)[]
  }
}

export interface Kernel<Args = unknown, Shard = unknown, Total = unknown, Plan extends KernelPlan = KernelPlan> {
  readonly id: KernelId
  readonly aliases: readonly string[]
  /** Freezes generator, table algorithm, partial layout and vectors. */
  readonly digest: Digest
  readonly argsSchema: z.ZodType<Args>
  /** By the name that contracts call them. */
  readonly arrays?: Readonly<Record<string, OutputArray<Args>>>
  /** Of what `output` returns; for whoever reads it. It changes nothing, and is no part of the digest. */
  readonly outputSchema: z.ZodType
  /** Greatest legal encoded partial, in bytes: sizes the socket's and the store's limits. */
  readonly partialBytesMax: number
  plan(args: Args): Plan | PlanRefusal
  /** Puts key, facts and compiled tables together for the engines. */
  launch(
    plan: Plan,
    pass: PassPlan,
    key: readonly [number, number],
    tables: Readonly<Record<string, Uint32Array>>,
  ): Launch
  /** The definition: slow, clear, and right. */
  reference(launch: Launch, range: ShardRange): Uint8Array
  /**
   * Strictly parses one shard's partial and checks that it could be true (bins add up to the units, sums lie within
   * what the bins allow). Throws a `PartialError` with a sentence; an honest agent never causes it. A shard of the
   * refined pass is also held against what the first pass's shard of the same units witnessed.
   */
  decode(bytes: Uint8Array, units: number, plan: Plan, pass: PassPlan, witness?: Witness): Shard
  empty(): Total
  /** Integer addition only, so any order of shards gives the same total. `pass` counts from 0. */
  add(total: Total, shard: Shard, pass: number): void
  /** The last pass of a plan that refines: a pure function of the total of the others. */
  refine(total: Total, args: Args, plan: Plan): PassPlan
  /** What a shard of the first pass says of the refined pass's shard of the same units. */
  witness(shard: Shard, refined: PassPlan): Witness
  output(total: Total, args: Args, plan: Plan): KernelOutput
}

/** Numbers that two passes over the same units must agree on. */
export type Witness = readonly bigint[]

/** An answer that no honest agent can return. */
export class PartialError extends Error {
  override readonly name = 'PartialError'
}

export const isRefusal = (plan: object): plan is PlanRefusal => 'refused' in plan

export const shardsOf = ({ shards, passes }: ShardGrid): number => shards * passes
/** Which pass a shard belongs to, from 0. */
export const passOf = ({ shards }: ShardGrid, shard: number): number => Math.floor(shard / shards)

/** Shard n of a grid, of whichever pass. Throws when there is none. */
export function shardRange(grid: ShardGrid, shard: number): ShardRange {
  if (!Number.isInteger(shard) || shard < 0 || shard >= shardsOf(grid)) {
    throw new RangeError(`shard ${shard} is not one of ${shardsOf(grid)}`)
  }
  const firstUnit = BigInt(shard % grid.shards) * BigInt(grid.unitsPerShard)
  const rest = grid.units - firstUnit
  return {
    shard,
    firstUnit,
    units: rest < BigInt(grid.unitsPerShard) ? Number(rest) : grid.unitsPerShard,
  }
}
