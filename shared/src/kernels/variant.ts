// One WASM module to make of a kernel's AssemblyScript; each kernel's folder lists its own in variants.ts.

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
