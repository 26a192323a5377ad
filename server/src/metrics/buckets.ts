// The bounds of the histograms. Each costs a series for every combination of labels, so they are few, and chosen around what
// the benchmarks measured: see docs/benchmarks.md.

/** A read from memory to the longest wait of a call, 120 s. */
export const REQUEST_SECONDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60, 130]
/** A tiny job to the longest deadline, a day. */
export const JOB_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400]
/** From an answer's frame to its acknowledgement: one group commit, or some while the store is busy. */
export const ACK_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]
/** A call of the store, its waiting and its further attempts included. */
export const STORE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30]
/** Writes that share a commit. */
export const GROUP_WRITES = [1, 2, 4, 8, 16, 32, 64, 128, 256]
export const GROUP_BYTES = [1e3, 1e4, 1e5, 1e6, 4e6, 1.6e7]
