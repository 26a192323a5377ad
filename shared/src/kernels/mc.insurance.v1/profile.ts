// The two widths in which the kernel computes: narrow, money in u32, and wide, money in u64. They draw the same words
// and differ in the range of what they add up, in the histogram's bins and in the partial's bytes.

export type ProfileName = 'narrow' | 'wide'

export interface Profile {
  readonly name: ProfileName
  /** Stands for "no limit": no loss reaches it. */
  readonly none: bigint
  /** What a table's values stay below. */
  readonly tableLimit: bigint
  readonly fractionBits: { readonly greatest: number; readonly least: number }
  /** Bits of a loss, and those that a bin keeps of it: below 2^mantissaBits every loss has its own bin. */
  readonly lossBits: number
  readonly mantissaBits: number
  /** Of the partial. */
  readonly layout: number
  readonly tailLayout: number
  readonly sumBytes: number
  readonly squareBytes: number
  readonly lossBytes: number
  /** What the second pass of a job lists at most: some 270 MB in the Hub if no two losses of a shard are equal. */
  readonly listedYearsMax: number
}

export const NARROW: Profile = {
  name: 'narrow',
  none: 2n ** 32n - 1n,
  tableLimit: 2n ** 32n - 1n,
  fractionBits: { greatest: 32, least: 6 },
  lossBits: 32,
  mantissaBits: 7,
  layout: 1,
  tailLayout: 3,
  sumBytes: 8,
  squareBytes: 12,
  lossBytes: 4,
  listedYearsMax: 2 ** 26,
}

export const WIDE: Profile = {
  name: 'wide',
  none: 2n ** 64n - 1n,
  tableLimit: 2n ** 63n,
  fractionBits: { greatest: 32, least: 0 },
  lossBits: 64,
  mantissaBits: 6,
  layout: 2,
  tailLayout: 4,
  sumBytes: 16,
  squareBytes: 20,
  lossBytes: 8,
  listedYearsMax: 2 ** 25,
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = { narrow: NARROW, wide: WIDE }
