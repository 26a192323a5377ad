// A case: a launch, ranges of it, and the digests that every engine must give. Cases travel to browsers as JSON, in which
// words are base64 and units are decimals.
import { bytesToWords, fromBase64, toBase64, wordsToBytes } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { Launch, ShardRange } from '@forge/shared/kernels/kernel.ts'
import type { Texts } from './engine-kind.ts'

/** Shards of one launch, to be computed in one run. */
export interface Task {
  readonly kernel: string
  readonly launch: Launch
  readonly ranges: readonly ShardRange[]
}

export interface Case extends Task {
  readonly name: string
  /** Of the ranges' partials, in their order. */
  readonly digests: readonly Digest[]
}

/** What a browser is asked: no digest is in it, so none can be echoed. */
export interface Asked {
  readonly name: string
  readonly task: Task
}

interface Sent {
  readonly texts: Texts
  readonly cases: readonly {
    readonly name: string
    readonly kernel: string
    readonly program: string
    readonly constants: string
    readonly tables: readonly (readonly [string, string])[]
    readonly ranges: readonly { readonly shard: number; readonly firstUnit: string; readonly units: number }[]
  }[]
}

export function casesToJson(cases: readonly Case[], texts: Texts): string {
  const text = (words: Uint32Array): string => toBase64(wordsToBytes(words))
  const sent: Sent = {
    texts,
    cases: cases.map(({ name, kernel, launch: { program, constants, tables }, ranges }) => ({
      name,
      kernel,
      program,
      constants: text(constants),
      tables: Object.entries(tables).map(([table, words]) => [table, text(words)] as const),
      ranges: ranges.map(({ shard, firstUnit, units }) => ({ shard, firstUnit: firstUnit.toString(), units })),
    })),
  }
  return JSON.stringify(sent)
}

/** Of what {@link casesToJson} wrote: both ends are of one commit, so nothing is checked. */
export function casesFromJson(json: string): { texts: Texts; cases: Asked[] } {
  const { texts, cases }: Sent = JSON.parse(json)
  const words = (text: string): Uint32Array => bytesToWords(fromBase64(text))
  return {
    texts,
    cases: cases.map(({ name, kernel, program, constants, tables, ranges }) => ({
      name,
      task: {
        kernel,
        launch: {
          program,
          constants: words(constants),
          tables: Object.fromEntries(tables.map(([table, text]) => [table, words(text)])),
        },
        ranges: ranges.map(({ shard, firstUnit, units }) => ({ shard, firstUnit: BigInt(firstUnit), units })),
      },
    })),
  }
}
