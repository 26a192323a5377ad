// From a table's spec to its words and names. The words depend on the spec alone, so a table is compiled once and kept
// under its key; agents ask for it by its digest.
import { wordsToBytes } from '../exact/bytes.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { digest } from '../exact/digest.ts'
import type { Digest } from '../exact/digest.ts'
import type { CompiledTable, TableSpec } from '../kernels/kernel.ts'
import { compileEmpirical } from './empirical-quantile.ts'
import { compileLogNormal } from './lognormal-table.ts'
import { compilePoissonThreshold } from './poisson-threshold.ts'

/** Throws a `RangeError` when the parameters or the values leave what the kind of table can hold. */
export function compileTable(spec: TableSpec): CompiledTable {
  switch (spec.kind) {
    case 'lognormal-quantile.v2':
      return { words: compileLogNormal(spec) }
    case 'empirical-quantile.v1':
      return { words: compileEmpirical(spec) }
    case 'poisson-threshold.v1':
      return { words: compilePoissonThreshold(spec.rate) }
  }
}

/** The key of a cache of compiled tables: one text for one spec. */
export const tableKey = (spec: TableSpec): string => canonicalJson(spec)

/** SHA-256 under the tag `table.v1` of the words' little-endian bytes. */
export const tableDigest = (words: Uint32Array): Digest => digest('table.v1', wordsToBytes(words))
