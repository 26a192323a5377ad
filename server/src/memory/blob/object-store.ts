// Where the bytes of blobs and arrays lie: under an id, written once, whole or not at all. What the ids mean, who may read
// them and when they go is for the tables to say.

/** Both ends belong to it, counted from 0. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

export interface ObjectStore {
  /** There under its id when this resolves, and nothing of it when it rejects, be it by the bytes' own error. */
  put(id: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** Opens nothing before the first byte is asked for, so that what nobody reads costs nothing. */
  read(id: string, range?: ByteRange): AsyncIterable<Uint8Array>
  /** What is not there is removed already. */
  remove(id: string): Promise<void>
}
