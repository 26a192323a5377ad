// What the store says of all projects together, for whoever watches the server and never for a client.

export interface StoreTotals {
  readonly kvBytes: number
  readonly blobBytes: number
  readonly vmemBytes: number
  /** Documents that wait for their signature or their place in the log. */
  readonly unsealed: number
  /** When the oldest of them became due; null where none waits. */
  readonly oldestUnsealedAtMs: number | null
}

export interface TotalsStore {
  totals(): Promise<StoreTotals>
}
