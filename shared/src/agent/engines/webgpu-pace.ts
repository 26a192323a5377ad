// How much of a run one dispatch takes: a plain plan of workgroups over shards, and the pace that keeps a dispatch short
// on any device. A slow adapter must not hang its tab or meet the driver's watchdog, a fast one must not wait for us.
import type { ShardRange } from '../../kernels/kernel.ts'

/** A dispatch aims at this, and stays below 100 ms once it has measured one. */
const DISPATCH_MS = 50
/** The first dispatch of a launch: a millisecond or so, whatever a unit costs. */
const FIRST_UNITS = 256
/** Safe at any size, because more units never take more than their share of the time: a first guess is soon left. */
const GROWTH_MAX = 8
const UNITS_MAX = 2 ** 26
/** Far below any adapter's limit of 65,535. */
export const WORKGROUPS_MAX = 4096

/** How a kind of device is kept busy. */
export interface Shape {
  readonly threads: number
  /** A dispatch is spread over this many workgroups before any thread is given a second unit. */
  readonly workgroupsWanted: number
  /** Dispatches that are submitted before the first of them was read. */
  readonly inFlight: number
  /** Shards that accumulate or wait to be read at once; some 13 KiB each. */
  readonly slots: number
}
/**
 * A real GPU is filled by many threads; a second unit a thread then pays for adding up the workgroup's histogram. While
 * one dispatch is read and encoded here it computes the next. On an H200, which computes a founding shard in 10
 * microseconds and waits for us, twice or half of any of these made no difference (docs/benchmarks.md).
 */
export const HARDWARE: Shape = { threads: 256, workgroupsWanted: 1024, inFlight: 2, slots: 128 }
/**
 * A CPU behind the interface: a workgroup of 64 threads costs 0.9 ms there, one of 256 costs 3 ms (SwiftShader), and a
 * second dispatch in flight would only take the core from whoever reads the first.
 */
export const SOFTWARE: Shape = { threads: 64, workgroupsWanted: 4, inFlight: 1, slots: 64 }

export class Pace {
  units = FIRST_UNITS
  #aimMs: number

  constructor(halvings = 0) {
    this.#aimMs = DISPATCH_MS / 2 ** halvings
  }

  /** The device spent `ms` on a dispatch of `units`, at most those asked for. */
  measured(units: number, ms: number): void {
    const ratio = this.#aimMs / Math.max(ms, 0.1)
    // A run's short last dispatch says that it was short, not that the device is slow.
    if (ratio >= 1 && units < this.units) return
    const wanted = Math.floor((ratio < 1 ? units : this.units) * Math.min(ratio, GROWTH_MAX))
    this.units = Math.max(1, Math.min(wanted, UNITS_MAX))
  }

  /** A device was lost, perhaps because it was kept too long: from here on half of what was asked of it. */
  halve(): void {
    this.#aimMs /= 2
    this.units = Math.max(1, Math.floor(this.units / 2))
  }
}

/** Where a run stands: shards before `index` are done, and `units` of that one. */
export interface Cursor {
  readonly index: number
  readonly units: number
}

export interface Dispatch {
  /** Four words a workgroup: first unit low, high, units, slot. */
  readonly workgroups: Uint32Array
  readonly units: number
  /** Indices of the shards that begin here, and of those that end here. */
  readonly begun: readonly number[]
  readonly ended: readonly number[]
  readonly next: Cursor
}

/** What a dispatch may take. */
export interface Budget {
  readonly units: number
  /** It stops before this shard. */
  readonly until: number
  /** Shard `index` of the run accumulates in slot `index` modulo `slots`. */
  readonly slots: number
  readonly unitsPerWorkgroupMax: number
}

export function planDispatch(
  shards: readonly ShardRange[],
  from: Cursor,
  { units: unitsMax, until, slots, unitsPerWorkgroupMax }: Budget,
  { threads, workgroupsWanted }: Shape,
): Dispatch {
  // Of what is there, not of what is allowed: the last shards of a run are spread over the whole device too.
  const there = shards.slice(from.index, until).reduce((sum, { units }) => sum + units, -from.units)
  const share = Math.ceil(Math.min(unitsMax, there) / workgroupsWanted / threads) * threads
  const perWorkgroup = Math.min(share, unitsPerWorkgroupMax)
  const workgroups: number[] = []
  const begun: number[] = []
  const ended: number[] = []
  let { index, units: done } = from
  let left = unitsMax
  while (left > 0 && index < until && workgroups.length < 4 * WORKGROUPS_MAX) {
    const range = shards[index]
    if (range === undefined) break
    if (done === 0) begun.push(index)
    const units = Math.min(perWorkgroup, left, range.units - done)
    const first = range.firstUnit + BigInt(done)
    workgroups.push(Number(first & 0xffffffffn), Number(first >> 32n), units, index % slots)
    left -= units
    done += units
    if (done < range.units) continue
    ended.push(index)
    index++
    done = 0
  }
  return {
    workgroups: Uint32Array.from(workgroups),
    units: unitsMax - left,
    begun,
    ended,
    next: { index, units: done },
  }
}
