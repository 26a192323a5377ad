// What to make of a kernel's sources: a WASM module of its AssemblyScript, a text of its WGSL. Each kernel's folder
// lists its own in variants.ts.

export interface WasmVariant {
  readonly name: string
  readonly source: string
  /** Put before the source. */
  readonly prelude: string
  /** Needs 128-bit SIMD. */
  readonly simd: boolean
  /** Memory in pages of 64 KiB, fixed. */
  readonly pages: number
}

export interface WgslVariant {
  readonly name: string
  /** Files, joined in this order; WGSL does not mind where something is declared. */
  readonly parts: readonly string[]
}
