// What is said between the server's thread and PGlite's, and how bytes cross: by transfer of a copy. A view on a larger
// buffer would otherwise take the whole buffer along, and a transferred original would be lost to its owner.
export type Request =
  | { readonly id: number; readonly kind: 'query'; readonly text: string; readonly params: readonly unknown[] }
  | { readonly id: number; readonly kind: 'close' }

/** The answer with id 0 says that the database is open, or why it is not. */
export type Reply =
  | { readonly id: number; readonly ok: true; readonly rows: unknown[][] }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly code: string }

/** The values with their bytes copied, and the buffers of the copies. */
export function packed(values: readonly unknown[]): { values: unknown[]; buffers: ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = []
  const copies = values.map((value) => {
    if (!(value instanceof Uint8Array)) return value
    const copy = new Uint8Array(value.length)
    copy.set(value)
    buffers.push(copy.buffer)
    return copy
  })
  return { values: copies, buffers }
}
