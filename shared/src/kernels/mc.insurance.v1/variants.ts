// The WASM modules that `pnpm gen` makes of this kernel's AssemblyScript, and the texts that it makes of its WGSL, by the
// names that engines.gen.ts exports.
import type { WasmVariant, WgslVariant } from '../variant.ts'

/** What every program keeps below its list, and room for the list of a shard of 2^18 years and a word beyond. */
const PAGES = 4
const listPages = (bytes: number): number => PAGES + bytes * 4 + 1

const scalar = (name: string, wide: boolean, tail: boolean, pages: number): WasmVariant => ({
  name,
  source: 'kernel.as.ts',
  prelude: `const WIDE: bool = ${wide}\nconst TAIL: bool = ${tail}\n`,
  simd: false,
  pages,
})

const narrowSimd = (name: string, tail: boolean, pages: number): WasmVariant => ({
  name,
  source: 'kernel.simd.as.ts',
  prelude: `const TAIL: bool = ${tail}\n`,
  simd: true,
  pages,
})

export const wasmVariants: readonly WasmVariant[] = [
  scalar('wasmNarrow', false, false, PAGES),
  scalar('wasmNarrowTail', false, true, listPages(4)),
  scalar('wasmWide', true, false, PAGES),
  scalar('wasmWideTail', true, true, listPages(8)),
  narrowSimd('wasmNarrowSimd', false, PAGES),
  narrowSimd('wasmNarrowTailSimd', true, listPages(4)),
]

const joined = (name: string, money: string, losses: string): WgslVariant => ({
  name,
  parts: ['kernel.wgsl', `kernel.${money}.wgsl`, `kernel.${losses}.wgsl`],
})

export const wgslVariants: readonly WgslVariant[] = [
  joined('wgslNarrow', 'narrow', 'totals'),
  joined('wgslNarrowTail', 'narrow', 'tail'),
  joined('wgslWide', 'wide', 'totals'),
  joined('wgslWideTail', 'wide', 'tail'),
]
