// The narrow programs with 128-bit SIMD: what kernel.as.ts computes, with the same interface and the same bytes, twice as
// fast. The generator puts `const TAIL: bool` before it, and philox(), which draws one unit, and philox8(), which draws
// eight (scripts/gen/philox-rounds.ts).
//
// Four years lie in the lanes of a vector. The first block's two claims are computed for every year, whether it has them
// or not, and masked; this is cheaper than listing those that exist. Years with more claims go into lists by how many the
// block still has of them, so that in a list all lanes have work. Sums stay in u32: S + min(payment, cap - S) is
// min(S + payment, cap) and cannot overflow. What is rare, a claim that needs its refinement first of all, is left to
// plainYear(), which computes one year as the reference does.
//
// Only integers reach what is digested. Where doubles appear, an integer below 2^32 is made a double, which is exact, and
// its bits are read as integers again: SIMD has no clz by lanes, and the exponent of a double is one.

// Layout of the memory, four pages and the list of a tail.
export const constants: usize = 0x400
export const accumulators: usize = 0x1000
/** At most 4,096 words. */
export const count: usize = 0x8000
export const severity: usize = 0x10000
export const catastrophe: usize = 0x20000
/** The losses that a tail lists. */
export const listed: usize = 0x40000

const BATCH: u32 = 1024
const BINS: u32 = 3328
/** A tail has segments of ten words where the others have bins of one. */
const BINS_AT: usize = accumulators + 64
const ACCUMULATOR_BYTES: usize = 64 + (TAIL ? 640 : <usize>BINS) * 4
/** Of a tail, a byte for each bin: the number of selected bins below or at it, and LISTED if it is one. */
const CLASSES: usize = 0x6000
const LISTED: u32 = 0x80
/** Words of plain draws: the year's own, and those of rare ones. */
const DRAW: usize = 0x800
const RARE: usize = 0x810
/** Where the lists of splitWaiting() end, u32. */
const ENDS: usize = 0x830
/** For each set of four lanes the bytes that move them to the front, for i8x16.swizzle. */
const FRONTS: usize = 0x840
/** What philox8Keys() and philox8Counter() leave for philox8(). */
const KEYS: usize = 0x4800
/** Constant vectors: a load is one instruction, while V8 builds a constant anew with three in every use. */
const SPLATS: usize = 0x4a00
/** Arrays of one word a year; whole vectors are written beyond their ends. */
const ARRAY: usize = 4 * <usize>BATCH + 64
const DRAWN: usize = 0x30000
/** Years with claims in the next block: index, once counted index | count << 16. */
const WAITING: usize = DRAWN + 4 * ARRAY
/** Years whose first catastrophe word passes. */
const CANDIDATES: usize = WAITING + ARRAY
/** Waiting years with 1, 2, 3, at least 4 claims from this block on. */
const LISTS: usize = CANDIDATES + ARRAY
const PAYMENTS: usize = LISTS + 4 * ARRAY
/** Each year's sum of payments, at last its loss. */
const SUMS: usize = PAYMENTS + ARRAY
/** A byte a year: 1 if plainYear() must compute it. */
const MARKS: usize = SUMS + ARRAY

const CLAIM: u32 = 0x494e5331
const REFINE: u32 = 0x494e5232
const CATASTROPHE: u32 = 0x494e4333

/** Whether any of the batch's years is marked. */
let marked: bool = false
/** Claims of the last plainYear(). */
let plainClaims: u32 = 0

export function reset(): void {
  memory.fill(accumulators, 0, ACCUMULATOR_BYTES)
  if (TAIL) classify()
}

function classify(): void {
  const selected = load<u32>(constants, 72)
  let below: u32 = 0
  for (let bin: u32 = 0; bin < BINS; bin++) {
    const isSelected = below < selected && load<u32>(constants + (<usize>below << 2), 128) == bin
    below += u32(isSelected)
    store<u8>(CLASSES + bin, <u8>(below | (isSelected ? LISTED : 0)))
  }
}

/** Adds the years from unitHigh 2^32 + unitLow on to the accumulators. */
export function run(unitLow: u32, unitHigh: u32, units: u32): void {
  prepare()
  let first = (<u64>unitHigh << 32) | unitLow
  while (units > 0) {
    // The lanes hold low words of units: a batch ends where they would wrap.
    const room: u32 = 0 - <u32>first
    const years = min<u32>(min<u32>(units, BATCH), room == 0 ? BATCH : room)
    batch(first, years)
    first += years
    units -= years
  }
}

function prepare(): void {
  philox8Keys(KEYS, load<u32>(constants), load<u32>(constants, 4))
  v128.store(SPLATS, i32x4.splat(0x7fffffff))
  v128.store(SPLATS, i32x4.splat(0x45500000), 16)
  v128.store(SPLATS, f64x2.splat(77371252455336267181195264.0 - 8589934592.0), 32)
  v128.store(SPLATS, i32x4.splat(0x7ff0), 48)
  v128.store(SPLATS, i32x4.splat(0x8000), 64)

  for (let set: u32 = 0; set < 16; set++) {
    let to = FRONTS + (<usize>set << 4)
    for (let lane: u32 = 0; lane < 4; lane++) {
      if (((set >> lane) & 1) == 0) continue
      store<u32>(to, 0x03020100 + lane * 0x04040404)
      to += 4
    }
  }
}

/** Before blocks of a domain are drawn for units with this high word. */
function schedule(high: u32, block: u32, domain: u32): void {
  philox8Counter(KEYS, high, block, domain, load<u32>(constants), load<u32>(constants, 4))
}

function batch(first: u64, years: u32): void {
  const low = <u32>first
  const high = <u32>(first >> 32)
  const grouped = years & ~3
  marked = false
  drawFirstBlock(low, high, grouped)
  let claims = payFirstBlock(grouped)
  let waiting = <usize>load<u32>(ENDS)
  claims += countWaiting(waiting)
  addCatastrophes(low, high, <usize>load<u32>(ENDS, 4))
  for (let block: u32 = 1; waiting > WAITING; block++) {
    const drawn = 4 * block - 2
    splitWaiting(waiting, drawn)
    schedule(high, block, CLAIM)
    for (let slots: u32 = 1; slots <= 4; slots++) payList(low, slots)
    waiting = stillWaiting(drawn)
  }
  if (marked) redoMarked(first, grouped)
  for (let i = grouped; i < years; i++) {
    store<u32>(SUMS + (<usize>i << 2), plainYear(first + i))
    claims += plainClaims
  }
  if (!TAIL) store<u64>(accumulators, load<u64>(accumulators, 20) + claims, 20)
  closeYears(years)
}

function drawFirstBlock(low: u32, high: u32, years: u32): void {
  schedule(high, 0, CLAIM)
  const four = i32x4.splat(4)
  let units = i32x4.add(i32x4.splat(low), i32x4(0, 1, 2, 3))
  for (let at = DRAWN, end = DRAWN + (<usize>years << 2); at < end; at += 32) {
    const next = i32x4.add(units, four)
    philox8(at, ARRAY, KEYS, units, next)
    units = i32x4.add(next, four)
  }
}

/** The first two claims of all years; lists the years that wait and the candidates. Returns the claims. */
function payFirstBlock(years: u32): u32 {
  // N > k is w > T_k, compared as signed numbers; below the table's base it is so without a threshold.
  const flip = i32x4.splat(0x80000000)
  const base = load<u32>(count)
  const above0 = v128.xor(v128.load32_splat(thresholdAt(0, base)), flip)
  const above1 = v128.xor(v128.load32_splat(thresholdAt(1, base)), flip)
  const above2 = v128.xor(v128.load32_splat(thresholdAt(2, base)), flip)
  const always0 = i32x4.splat(base > 0 ? -1 : 0)
  const always1 = i32x4.splat(base > 1 ? -1 : 0)
  const always2 = i32x4.splat(base > 2 ? -1 : 0)
  const catHigh = v128.load32_splat(constants, 60)
  const catLanes: u32 = load<u32>(constants, 56) == 1 ? 15 : 0
  const deductible = v128.load32_splat(constants, 8)
  const policyLimit = v128.load32_splat(constants, 16)
  const sumCap = v128.load32_splat(constants, 48)
  const greatest = load<u32>(constants, 68) == 1
  const four = i32x4.splat(4)
  let index = i32x4(0, 1, 2, 3)
  let claims = i32x4.splat(0)
  let lowest = i32x4.splat(0x7fffffff)
  let waiting = WAITING
  let candidate = CANDIDATES
  for (let at = DRAWN, end = DRAWN + (<usize>years << 2); at < end; at += 16) {
    const flipped = v128.xor(v128.load(at), flip)
    const has0 = v128.or(i32x4.gt_s(flipped, above0), always0)
    const has1 = v128.or(i32x4.gt_s(flipped, above1), always1)
    claims = i32x4.sub(claims, i32x4.add(has0, has1))
    const more = <u32>i32x4.bitmask(v128.or(i32x4.gt_s(flipped, above2), always2))
    append(waiting, index, more)
    waiting += <usize>popcnt(more) << 2

    const high = v128.load(at + ARRAY)
    const chosen = <u32>i32x4.bitmask(i32x4.eq(i32x4.min_u(high, catHigh), high)) & catLanes
    append(candidate, index, chosen)
    candidate += <usize>popcnt(chosen) << 2

    const word0 = v128.load(at + 2 * ARRAY)
    const word1 = v128.load(at + 3 * ARRAY)
    lowest = i32x4.min_s(lowest, i32x4.min_s(low31(word0), low31(word1)))
    const payment0 = v128.and(payments(quantiles(severity, word0), deductible, policyLimit), has0)
    const payment1 = v128.and(payments(quantiles(severity, word1), deductible, policyLimit), has1)
    v128.store(at + (SUMS - DRAWN), combined(i32x4.min_u(payment0, sumCap), payment1, sumCap, greatest))
    index = i32x4.add(index, four)
  }
  if (refined(lowest)) markRefined(DRAWN + 2 * ARRAY, 2, 0, years)
  close(waiting)
  close(candidate)
  store<u32>(ENDS, <u32>waiting)
  store<u32>(ENDS, <u32>candidate, 4)
  return total(claims)
}

/** Puts the counts beside the indices of the waiting years; returns the claims beyond the first block. */
function countWaiting(end: usize): u32 {
  let claims: u32 = 0
  for (let at = WAITING; at < end; at += 4) {
    const index = load<u32>(at)
    const n = countOf(load<u32>(DRAWN + (<usize>index << 2)))
    claims += n - 2
    store<u32>(at, index | (n << 16))
  }
  return claims
}

function splitWaiting(end: usize, drawn: u32): void {
  // A waiting year has at least one claim from this block on; n >= k is entry > (k << 16) - 1, and n stays below 2^15.
  const below2 = i32x4.splat(((drawn + 2) << 16) - 1)
  const below3 = i32x4.splat(((drawn + 3) << 16) - 1)
  const below4 = i32x4.splat(((drawn + 4) << 16) - 1)
  let to1 = LISTS
  let to2 = LISTS + ARRAY
  let to3 = LISTS + 2 * ARRAY
  let to4 = LISTS + 3 * ARRAY
  for (let at = WAITING; at < end; at += 16) {
    const entries = v128.load(at)
    const live: u32 = end - at < 16 ? (1 << ((end - at) >> 2)) - 1 : 15
    const least2 = <u32>i32x4.bitmask(i32x4.gt_s(entries, below2))
    const least3 = <u32>i32x4.bitmask(i32x4.gt_s(entries, below3))
    const least4 = <u32>i32x4.bitmask(i32x4.gt_s(entries, below4))
    append(to1, entries, live ^ least2)
    to1 += <usize>popcnt(live ^ least2) << 2
    append(to2, entries, least2 ^ least3)
    to2 += <usize>popcnt(least2 ^ least3) << 2
    append(to3, entries, least3 ^ least4)
    to3 += <usize>popcnt(least3 ^ least4) << 2
    append(to4, entries, least4)
    to4 += <usize>popcnt(least4) << 2
  }
  close(to1)
  close(to2)
  close(to3)
  close(to4)
  store<u32>(ENDS, <u32>to1)
  store<u32>(ENDS, <u32>to2, 4)
  store<u32>(ENDS, <u32>to3, 8)
  store<u32>(ENDS, <u32>to4, 12)
}

/** The years of the last list that have claims in the next block too. */
function stillWaiting(drawn: u32): usize {
  const below5 = i32x4.splat(((drawn + 5) << 16) - 1)
  let waiting = WAITING
  for (let at = LISTS + 3 * ARRAY, end = <usize>load<u32>(ENDS, 12); at < end; at += 16) {
    const entries = v128.load(at)
    const more = <u32>i32x4.bitmask(i32x4.gt_s(entries, below5))
    append(waiting, entries, more)
    waiting += <usize>popcnt(more) << 2
  }
  close(waiting)
  return waiting
}

/** Draws this block for the list of years with `slots` claims in it, and adds these claims. */
function payList(low: u32, slots: u32): void {
  const list = LISTS + <usize>(slots - 1) * ARRAY
  const end = <usize>load<u32>(ENDS + (<usize>(slots - 1) << 2))
  drawList(low, list, end)
  const deductible = v128.load32_splat(constants, 8)
  const policyLimit = v128.load32_splat(constants, 16)
  const sumCap = v128.load32_splat(constants, 48)
  const greatest = load<u32>(constants, 68) == 1
  let lowest = i32x4.splat(0x7fffffff)
  for (let at: usize = 0, last = end - list; at < last; at += 16) {
    let word = v128.load(at + DRAWN)
    lowest = i32x4.min_s(lowest, low31(word))
    let sum = i32x4.min_u(payments(quantiles(severity, word), deductible, policyLimit), sumCap)
    for (let from = at + DRAWN + ARRAY, after = at + DRAWN + <usize>slots * ARRAY; from < after; from += ARRAY) {
      word = v128.load(from)
      lowest = i32x4.min_s(lowest, low31(word))
      sum = combined(sum, payments(quantiles(severity, word), deductible, policyLimit), sumCap, greatest)
    }
    v128.store(at + PAYMENTS, sum)
  }
  if (refined(lowest)) markRefined(DRAWN, slots, list, <u32>(end - list) >> 2)
  addToYears(list, end)
}

function drawList(low: u32, list: usize, end: usize): void {
  const lows = i32x4.splat(low)
  const indices = i32x4.splat(0xffff)
  for (let at = list, to = DRAWN; at < end; at += 32, to += 32) {
    const units0 = i32x4.add(lows, v128.and(v128.load(at), indices))
    const units1 = i32x4.add(lows, v128.and(v128.load(at, 16), indices))
    philox8(to, ARRAY, KEYS, units0, units1)
  }
}

function addCatastrophes(low: u32, high: u32, end: usize): void {
  if (end == CANDIDATES) return
  const catLimit = v128.load32_splat(constants, 24)
  const catHigh = v128.load32_splat(constants, 60)
  const catLow = v128.load32_splat(constants, 64)
  const sumCap = v128.load32_splat(constants, 48)
  for (let at = CANDIDATES; at < end; at += 4) {
    // The lists are empty still: the first one's place takes the high words.
    store<u32>(at + (LISTS - CANDIDATES), load<u32>(DRAWN + ARRAY + (<usize>load<u32>(at) << 2)))
  }
  schedule(high, 0, CATASTROPHE)
  drawList(low, CANDIDATES, end)
  let lowest = i32x4.splat(0x7fffffff)
  for (let at: usize = 0, last = end - CANDIDATES; at < last; at += 16) {
    const none = v128.and(
      i32x4.eq(v128.load(at + LISTS), catHigh),
      i32x4.gt_u(v128.load(at + DRAWN), catLow),
    )
    const word = v128.load(at + DRAWN + ARRAY)
    lowest = i32x4.min_s(lowest, low31(word))
    const payment = i32x4.min_u(i32x4.min_u(quantiles(catastrophe, word), catLimit), sumCap)
    v128.store(at + PAYMENTS, v128.andnot(payment, none))
  }
  if (refined(lowest)) markRefined(DRAWN + ARRAY, 1, CANDIDATES, <u32>(end - CANDIDATES) >> 2)
  addToYears(CANDIDATES, end)
}

/** Adds PAYMENTS to the years of a list. */
function addToYears(list: usize, end: usize): void {
  const sumCap = load<u32>(constants, 48)
  const greatest = load<u32>(constants, 68) == 1
  for (let at = list, from = PAYMENTS; at < end; at += 4, from += 4) {
    const to = SUMS + ((<usize>load<u32>(at) & 0xffff) << 2)
    const sum = load<u32>(to)
    store<u32>(to, plainCombined(sum, load<u32>(from), sumCap, greatest))
  }
}

/** A year's sum so far, at most the cap, and a payment; or the greatest payment in place of the sum. */
// @ts-ignore: decorator
@inline
function combined(sum: v128, payment: v128, sumCap: v128, greatest: bool): v128 {
  if (greatest) return i32x4.max_u(sum, i32x4.min_u(payment, sumCap))
  return i32x4.add(sum, i32x4.min_u(payment, i32x4.sub(sumCap, sum)))
}

// @ts-ignore: decorator
@inline
function payments(claims: v128, deductible: v128, policyLimit: v128): v128 {
  return i32x4.min_u(i32x4.sub(claims, i32x4.min_u(claims, deductible)), policyLimit)
}

// @ts-ignore: decorator
@inline
function low31(words: v128): v128 {
  return v128.and(words, v128.load(SPLATS))
}

/** Whether the least of the words, without their sides, needs its refinement: k >= 20. */
// @ts-ignore: decorator
@inline
function refined(lowest: v128): bool {
  return i32x4.bitmask(i32x4.lt_s(lowest, i32x4.splat(0x800))) != 0
}

/**
 * The quantiles of four words, refinements left out. With u = w mod 2^31, lanes of a and b are the doubles
 * (u + 1/2) 2^34, differences of 2^86 + u 2^34, which is 2^86 with u for its low word, and 2^86 - 2^33: all have at most
 * 53 bits, so nothing is rounded. The exponent is 1023 + 64 - k, whose low six bits are 63 - k; the fraction begins with
 * the five bits of j, and t is the next 26.
 */
// @ts-ignore: decorator
@inline
function quantiles(table: usize, words: v128): v128 {
  const magic = v128.load(SPLATS, 16)
  const bias = v128.load(SPLATS, 32)
  const u = low31(words)
  const a = f64x2.sub(v128.shuffle<i32>(u, magic, 0, 4, 1, 5), bias)
  const b = f64x2.sub(v128.shuffle<i32>(u, magic, 2, 6, 3, 7), bias)
  const heads = v128.shuffle<i32>(a, b, 1, 3, 5, 7)
  const t = v128.and(v128.shuffle<i32>(i64x2.shl(a, 16), i64x2.shl(b, 16), 1, 3, 5, 7), v128.load(SPLATS))
  // The address of the row: side << 15 | k << 9 | j << 4 in a table that starts at a multiple of 2^16.
  const kj = v128.xor(v128.and(i32x4.shr_u(heads, 11), v128.load(SPLATS, 48)), i32x4.splat(<i32>table | 0x7e00))
  // The lanes leave in pairs, which costs fewer instructions than one by one or through memory.
  const rows = v128.or(kj, v128.and(i32x4.shr_u(words, 16), v128.load(SPLATS, 64)))
  const rows01 = i64x2.extract_lane(rows, 0)
  const rows23 = i64x2.extract_lane(rows, 1)
  const r0 = v128.load(<usize>rows01)
  const r1 = v128.load(<usize>(rows01 >> 32))
  const r2 = v128.load(<usize>rows23)
  const r3 = v128.load(<usize>(rows23 >> 32))
  const r01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5)
  const r23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5)
  const c0 = v128.shuffle<i64>(r01, r23, 0, 2)
  const c1 = v128.shuffle<i64>(r01, r23, 1, 3)
  const c2 = v128.shuffle<i64>(v128.shuffle<i32>(r0, r1, 2, 6, 3, 7), v128.shuffle<i32>(r2, r3, 2, 6, 3, 7), 0, 2)
  return i32x4.add(c0, highs(t, i32x4.add(c1, highs(t, c2))))
}

/** The high words of the signed products. */
// @ts-ignore: decorator
@inline
function highs(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(i64x2.extmul_low_i32x4_s(a, b), i64x2.extmul_high_i32x4_s(a, b), 1, 3, 5, 7)
}

/** Writes the lanes of a set to `to`, in their order, and whatever behind them. */
// @ts-ignore: decorator
@inline
function append(to: usize, values: v128, set: u32): void {
  v128.store(to, i8x16.swizzle(values, v128.load(FRONTS + (<usize>set << 4))))
}

/** Entries of 0 up to a multiple of eight: years that are drawn for nothing. */
// @ts-ignore: decorator
@inline
function close(end: usize): void {
  v128.store(end, i32x4.splat(0))
  v128.store(end, i32x4.splat(0), 16)
}

// @ts-ignore: decorator
@inline
function total(lanes: v128): u32 {
  return (
    i32x4.extract_lane(lanes, 0) +
    i32x4.extract_lane(lanes, 1) +
    i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3)
  )
}

/** Marks the years of a list, 0 for all in their order, that have a word to refine in one of `slots` arrays from `at` on. */
function markRefined(at: usize, slots: u32, list: usize, years: u32): void {
  if (!marked) memory.fill(MARKS, 0, BATCH)
  marked = true
  for (let i: u32 = 0; i < years; i++) {
    const index = list == 0 ? i : load<u32>(list + (<usize>i << 2)) & 0xffff
    for (let slot: u32 = 0; slot < slots; slot++) {
      const word = load<u32>(at + <usize>slot * ARRAY + (<usize>i << 2))
      if ((word & 0x7fffffff) < 0x800) store<u8>(MARKS + index, 1)
    }
  }
}

function redoMarked(first: u64, years: u32): void {
  for (let i: u32 = 0; i < years; i++) {
    if (load<u8>(MARKS + i)) store<u32>(SUMS + (<usize>i << 2), plainYear(first + i))
  }
}

/** The sum of one year's payments, one by one. */
function plainYear(unit: u64): u32 {
  const deductible = load<u32>(constants, 8)
  const policyLimit = load<u32>(constants, 16)
  const sumCap = load<u32>(constants, 48)
  const greatest = load<u32>(constants, 68) == 1
  drawPlain(DRAW, unit, 0, CLAIM)
  const high = load<u32>(DRAW, 4)
  plainClaims = countOf(load<u32>(DRAW))
  let sum: u32 = 0
  for (let claim: u32 = 0; claim < plainClaims; claim++) {
    const place = (claim + 2) & 3
    if (place == 0) drawPlain(DRAW, unit, (claim + 2) >> 2, CLAIM)
    const word = load<u32>(DRAW + (<usize>place << 2))
    if ((word & 0x7fffffff) < 0x800) drawPlain(RARE, unit, claim >> 2, REFINE)
    const x = plainQuantile(severity, word, load<u32>(RARE + (<usize>(claim & 3) << 2)))
    sum = plainCombined(sum, min<u32>(x - min<u32>(x, deductible), policyLimit), sumCap, greatest)
  }
  const catHigh = load<u32>(constants, 60)
  if (load<u32>(constants, 56) == 1 && high <= catHigh) {
    drawPlain(RARE, unit, 0, CATASTROPHE)
    if (high < catHigh || load<u32>(RARE) <= load<u32>(constants, 64)) {
      const x = plainQuantile(catastrophe, load<u32>(RARE, 4), load<u32>(RARE, 8))
      sum = plainCombined(sum, min<u32>(x, load<u32>(constants, 24)), sumCap, greatest)
    }
  }
  return sum
}

// @ts-ignore: decorator
@inline
function plainCombined(sum: u32, payment: u32, sumCap: u32, greatest: bool): u32 {
  return greatest ? max<u32>(sum, min<u32>(payment, sumCap)) : sum + min<u32>(payment, sumCap - sum)
}

/** The quantile of any word; the refinement is ignored unless k >= 20. */
function plainQuantile(table: usize, word: u32, refinement: u32): u32 {
  const short = (word << 1) | 1
  const long = (((<u64>(word & 0x7fffffff) << 32) | refinement) << 1) | 1
  const octave: u32 = short >= 0x1000 ? <u32>clz(short) : <u32>clz(long)
  const normalized = short >= 0x1000 ? short << octave : <u32>((long << octave) >> 32)
  const row = table + (<usize>((((word >> 31 << 6) | octave) << 5) | ((normalized >> 26) & 31)) << 4)
  const t = <i64>((normalized << 6) >> 1)
  const slope = load<i32>(row, 4) + <i32>((t * <i64>load<i32>(row, 8)) >> 32)
  return <u32>(load<i32>(row) + <i32>((t * <i64>slope) >> 32))
}

function drawPlain(to: usize, unit: u64, block: u32, domain: u32): void {
  philox(to, unit, block, domain, load<u32>(constants), load<u32>(constants, 4))
}

/** Where T_k lies, or the first threshold if the table has none for k. */
// @ts-ignore: decorator
@inline
function thresholdAt(k: u32, base: u32): usize {
  return count + (<usize>(256 + max<u32>(k, base) - base) << 2)
}

// @ts-ignore: decorator
@inline
function countOf(word: u32): u32 {
  let n = load<u32>(count + (<usize>(word >> 24) << 2))
  const thresholds = count + (<usize>(256 - load<u32>(count)) << 2)
  while (load<u32>(thresholds + (<usize>n << 2)) < word) n++
  return n
}

// From sums of payments to losses, and into the accumulators.
function closeYears(years: u32): void {
  const aggregateDeductible = v128.load32_splat(constants, 32)
  const aggregateLimit = v128.load32_splat(constants, 40)
  for (let at = SUMS, end = SUMS + (<usize>years << 2); at < end; at += 16) {
    const sum = v128.load(at)
    v128.store(at, i32x4.min_u(i32x4.sub(sum, i32x4.min_u(sum, aggregateDeductible)), aggregateLimit))
  }
  if (TAIL) {
    listYears(years)
  } else {
    countYears(years)
  }
}

function listYears(years: u32): void {
  let words = load<u32>(accumulators)
  for (let at = SUMS, end = SUMS + (<usize>years << 2); at < end; at += 4) {
    const loss = load<u32>(at)
    const found = <u32>load<u8>(CLASSES + binOf(loss))
    if (found & LISTED) {
      store<u32>(listed + (<usize>words << 2), loss)
      words++
    } else {
      // Of the segment's words the sum needs two and the squares three.
      const segment = BINS_AT + <usize>(found * 40)
      const square = <u64>loss * <u64>loss
      const squares = load<u64>(segment, 16) + square
      store<u64>(segment, load<u64>(segment) + loss)
      store<u64>(segment, squares, 16)
      store<u32>(segment, load<u32>(segment, 24) + u32(squares < square), 24)
    }
  }
  store<u32>(accumulators, words)
}

function countYears(years: u32): void {
  const aggregateLimit = v128.load32_splat(constants, 40)
  const low32 = i64x2.splat(0xffffffff)
  const magic = i32x4.splat(0x43300000)
  const bias = f64x2.splat(4503599627370496.0)
  const mantissas = i32x4.splat(128)
  const firstBin = i32x4.splat((1030 << 7) - 128)
  let sums = i64x2.splat(0)
  let squaresLow = i64x2.splat(0)
  let squaresHigh = i64x2.splat(0)
  let atLimits = i32x4.splat(0)
  let leasts = i32x4.splat(-1)
  let greatests = i32x4.splat(0)
  let at = SUMS
  for (let end = SUMS + (<usize>(years & ~3) << 2); at < end; at += 16) {
    const loss = v128.load(at)
    const square0 = i64x2.extmul_low_i32x4_u(loss, loss)
    const square1 = i64x2.extmul_high_i32x4_u(loss, loss)
    sums = i64x2.add(sums, i64x2.add(v128.and(loss, low32), i64x2.shr_u(loss, 32)))
    squaresLow = i64x2.add(squaresLow, i64x2.add(v128.and(square0, low32), v128.and(square1, low32)))
    squaresHigh = i64x2.add(squaresHigh, i64x2.add(i64x2.shr_u(square0, 32), i64x2.shr_u(square1, 32)))
    atLimits = i32x4.sub(atLimits, i32x4.eq(loss, aggregateLimit))
    leasts = i32x4.min_u(leasts, loss)
    greatests = i32x4.max_u(greatests, loss)
    // As in quantiles(), the loss as a double, if it is at least 128. Exponent and seven bits of the fraction count its
    // bins; below 128 that would be 128, and the loss is its bin.
    const floored = i32x4.max_u(loss, mantissas)
    const heads = v128.shuffle<i32>(
      f64x2.sub(v128.shuffle<i32>(floored, magic, 0, 4, 1, 5), bias),
      f64x2.sub(v128.shuffle<i32>(floored, magic, 2, 6, 3, 7), bias),
      1, 3, 5, 7,
    )
    const bins = i32x4.min_u(loss, i32x4.sub(i32x4.shr_u(heads, 13), firstBin))
    const offsets = i32x4.shl(bins, 2)
    const offsets01 = i64x2.extract_lane(offsets, 0)
    const offsets23 = i64x2.extract_lane(offsets, 1)
    countBin(<usize>offsets01)
    countBin(<usize>(offsets01 >> 32))
    countBin(<usize>offsets23)
    countBin(<usize>(offsets23 >> 32))
  }
  let sum = load<u64>(accumulators) + i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1)
  let low = i64x2.extract_lane(squaresLow, 0) + i64x2.extract_lane(squaresLow, 1)
  let high = i64x2.extract_lane(squaresHigh, 0) + i64x2.extract_lane(squaresHigh, 1)
  let atLimit = load<u32>(accumulators, 28) + total(atLimits)
  leasts = i32x4.min_u(leasts, v128.shuffle<i32>(leasts, leasts, 2, 3, 0, 1))
  leasts = i32x4.min_u(leasts, v128.shuffle<i32>(leasts, leasts, 1, 0, 3, 2))
  greatests = i32x4.max_u(greatests, v128.shuffle<i32>(greatests, greatests, 2, 3, 0, 1))
  greatests = i32x4.max_u(greatests, v128.shuffle<i32>(greatests, greatests, 1, 0, 3, 2))
  let leastInverted = max<u32>(load<u32>(accumulators, 32), ~i32x4.extract_lane(leasts, 0))
  let greatest = max<u32>(load<u32>(accumulators, 36), i32x4.extract_lane(greatests, 0))
  for (let end = SUMS + (<usize>years << 2); at < end; at += 4) {
    const loss = load<u32>(at)
    const square = <u64>loss * <u64>loss
    sum += loss
    low += square & 0xffffffff
    high += square >> 32
    atLimit += u32(loss == load<u32>(constants, 40))
    leastInverted = max<u32>(leastInverted, ~loss)
    greatest = max<u32>(greatest, loss)
    countBin(<usize>binOf(loss) << 2)
  }
  low += load<u32>(accumulators, 8)
  high += (low >> 32) + load<u64>(accumulators, 12)
  store<u64>(accumulators, sum)
  store<u32>(accumulators, <u32>low, 8)
  store<u64>(accumulators, high, 12)
  store<u32>(accumulators, atLimit, 28)
  store<u32>(accumulators, leastInverted, 32)
  store<u32>(accumulators, greatest, 36)
}

// @ts-ignore: decorator
@inline
function binOf(loss: u32): u32 {
  // Below 128 the shift is 0 and the bin the loss itself.
  const shift = 24 - <u32>clz(loss | 128)
  return (shift << 7) + (loss >> shift)
}

/** Counts a year in the bin at this offset. */
// @ts-ignore: decorator
@inline
function countBin(offset: usize): void {
  store<u32>(BINS_AT + offset, load<u32>(BINS_AT + offset) + 1)
}
