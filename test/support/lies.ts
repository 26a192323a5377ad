// Lies for Node agents to tell: one bit of a partial changed, at a place of the layout that the insurance kernel's README
// describes. Some could be true, some cannot.

/** The number of claims, a u64: any small change of it could be true. */
export const CLAIMS_BYTE = 28
/** The sum of all losses: a change of one quantum could be true as well. */
export const SUM_BYTE = 8
/** The number of years: only one number is true. */
export const UNITS_BYTE = 4

export const flip =
  (byte: number, only: (shard: number) => boolean = () => true) =>
  (shard: number, partial: Uint8Array): Uint8Array =>
    only(shard) ? partial.map((value, at) => (at === byte ? value ^ 1 : value)) : partial
