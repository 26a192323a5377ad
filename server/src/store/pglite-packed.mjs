// How bytes cross between the server's thread and PGlite's: by transfer of a copy. A view on a larger buffer would
// otherwise take the whole buffer along, and a transferred original would be lost to its owner. Plain JavaScript for the
// reason that pglite-worker.mjs gives.
// @ts-check

/**
 * The values with their bytes copied, and the buffers of the copies.
 * @param {readonly unknown[]} values
 * @returns {{ values: unknown[]; buffers: ArrayBuffer[] }}
 */
export function packed(values) {
  /** @type {ArrayBuffer[]} */
  const buffers = []
  const copies = values.map((value) => {
    if (!(value instanceof Uint8Array)) return value
    const copy = new Uint8Array(value.length)
    copy.set(value)
    buffers.push(copy.buffer)
    return copy
  })
  return { values: copies, buffers }
}
