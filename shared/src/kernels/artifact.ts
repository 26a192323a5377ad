// What the engines need of a kernel: its programs, the tables they load, and how their accumulators become a partial.
// Planning and reduction are kernel.ts's; an agent runs shards from this alone. artifacts.gen.ts lists them all.
import type { Digest } from '../exact/digest.ts'
import type { Launch, ShardRange, TableSpec } from './kernel.ts'

/** One program text, named by the SHA-256 (tag `artifact.v1`) of its bytes: the WASM module, or the WGSL in UTF-8. */
export interface Program {
  readonly digest: Digest
  /** Base64 of a WASM module; WGSL as it is. */
  readonly text: string
}

/**
 * One of a kernel's programs, on every engine. Programs of a kernel share tables and constants; they differ in what they
 * accumulate, and may share texts that look at the constants.
 */
export interface KernelProgram {
  /**
   * Exports `memory`, the addresses `constants`, `accumulators`, `listed` and one by the name of each table, `reset()`
   * and `run(unitLow, unitHigh, units)`, which adds units to the accumulators.
   */
  readonly wasm: Program
  /** The same for machines with 128-bit SIMD; null where nobody wrote one. */
  readonly wasmSimd: Program | null
  /**
   * Bindings of group 0: the constants (uniform), the dispatch's workgroups as vec4u (first unit low, high, units,
   * slot), the slots' accumulators, then the tables in their order, then the slots' lists, read_write, as
   * `struct { stride: u32, words: array<u32> }`. Slot s owns `words` from s * stride to (s + 1) * stride - 1, where
   * `stride`, which the engine sets, has room for every unit of the run's greatest shard. The word `countAt` of the
   * slot's accumulators, added to atomically, says where in its own words the next one goes. The lists are not cleared;
   * only the first `countAt` words of a slot are read. A program that lists nothing may leave the binding out.
   * The entry point is `main`; the override THREADS, a power of two up to 256, is the size of its workgroups, each of up
   * to `unitsPerWorkgroupMax` units.
   */
  readonly wgsl: Program
  /** Further overrides that make this program of the text. */
  readonly overrides: Readonly<Record<string, number>>
  /** u32 words of one shard's accumulators, the same in WASM and WGSL; they start at 0. */
  readonly accumulators: number
  /**
   * A shard may list words beside its accumulators, in any order: at most `wordsPerUnit` a unit (1 or 2), their number
   * in the accumulator's word `countAt`. Null: it lists none.
   */
  readonly listed: { readonly wordsPerUnit: number; readonly countAt: number } | null
  /** Greatest shard that it can run. */
  readonly unitsMax: number
  encode(accumulators: Uint32Array, units: number, listed: Uint32Array, launch: Launch): Uint8Array
}

/** A shard whose partial is known: what an engine must reproduce on a machine before it works there. */
export interface KnownAnswer {
  readonly program: string
  readonly constants: readonly number[]
  /** The specs are for whoever compiles tables, the digests for whoever loads them. */
  readonly tables: Readonly<Record<string, { readonly spec: TableSpec; readonly digest: Digest }>>
  readonly firstUnit: string
  readonly units: number
  /** Tag `partial.v1`. */
  readonly digest: Digest
}

export interface KernelArtifact {
  /** `mc/1/insurance.v1` */
  readonly name: string
  readonly kernelDigest: Digest
  /** By the name that a launch gives. */
  readonly programs: Readonly<Record<string, KernelProgram>>
  readonly unitsPerWorkgroupMax: number
  /** In the order of WGSL's bindings, each with the words that the programs keep room for. */
  readonly tables: readonly { readonly name: string; readonly words: number; readonly padding: number }[]
  readonly constants: number
  /** `computed` hears now and then how many units are done: a shard takes it many seconds. */
  reference(launch: Launch, range: ShardRange, computed?: (units: number) => void): Uint8Array
  readonly knownAnswers: readonly KnownAnswer[]
}

/** Throws a `RangeError` when the kernel has no such program. */
export function programOf({ name, programs }: KernelArtifact, { program }: Launch): KernelProgram {
  const found = Object.hasOwn(programs, program) ? programs[program] : undefined
  if (found === undefined) throw new RangeError(`${name} has no program ${program}`)
  return found
}

/** A launch's table as the programs keep it: padded to its room. Throws a `RangeError` when it does not fit. */
export function paddedTables(artifact: KernelArtifact, launch: Launch): { name: string; words: Uint32Array }[] {
  if (launch.constants.length !== artifact.constants) {
    throw new RangeError(`${artifact.name} has ${artifact.constants} constants, not ${launch.constants.length}`)
  }
  return artifact.tables.map(({ name, words, padding }) => {
    const given = launch.tables[name] ?? new Uint32Array()
    if (given.length > words) throw new RangeError(`the table ${name} has ${given.length} words, at most ${words} fit`)
    const padded = new Uint32Array(words).fill(padding)
    padded.set(given)
    return { name, words: padded }
  })
}

/** The tables of all known answers, each once: whoever serves agents compiles them before the first one comes. */
export function knownAnswerTables(artifacts: readonly KernelArtifact[]): { spec: TableSpec; digest: Digest }[] {
  const tables = artifacts.flatMap(({ knownAnswers }) => knownAnswers.flatMap((known) => Object.values(known.tables)))
  return [...new Map(tables.map((table) => [table.digest, table])).values()]
}
