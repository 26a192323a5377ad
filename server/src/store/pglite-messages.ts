// What is said between the server's thread and PGlite's.

/** What the thread is started with. */
export interface Opening {
  readonly directory: string
  readonly pgliteWasmModule: WebAssembly.Module
}

export type Request =
  | { readonly id: number; readonly kind: 'query'; readonly text: string; readonly params: readonly unknown[] }
  | { readonly id: number; readonly kind: 'close' }

/** The answer with id 0 says that the database is open, or why it is not. */
export type Reply =
  | { readonly id: number; readonly ok: true; readonly rows: unknown[][] }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly code: string }
