// Which shards are run again: evenly among all, from random bits that nobody could foresee. A remainder would favour the first.

/** Below `of`, which is at most 2^32; `bits` gives 32 random ones at a time, as an unsigned number. */
export function drawBelow(of: number, bits: () => number): number {
  const even = 2 ** 32 - (2 ** 32 % of)
  for (;;) {
    const drawn = bits()
    if (drawn < even) return drawn % of
  }
}
