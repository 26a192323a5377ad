// The insurance kernel in AssemblyScript, for the WASM engine: what reference.ts says, many years at a time. It imports
// nothing and allocates nothing; the host copies constants and tables to the exported addresses, calls reset(), then
// run() as often as it likes, and reads the accumulators, whose words are described in accumulators.ts.
//
// One source makes the four programs: the generator puts `const WIDE: bool`, `const TAIL: bool` and philox(), which draws
// the four words of a unit (scripts/gen/philox-rounds.ts), before it. Wide money is u64 instead of u32; a tail lists
// losses and sums segments where the others fill a histogram.
//
// A batch of years is drawn block by block. The claims of one block of all years lie in one dense list, so that the
// quantiles are computed without a branch, and a year's share of their running sum is the difference of two of its
// elements. Sums are u64 here: capping a narrow sum once is the same as capping it after every payment. Wide sums may
// leave 64 bits and greatest events are no sums, so those go payment by payment.

// Layout of the memory, four pages and the list; the host reads the exported addresses and fills whole tables or nothing.
export const constants: usize = 0x400
export const accumulators: usize = 0x1000
/** At most 4,096 words. */
export const count: usize = 0x8000
export const severity: usize = 0x10000
export const catastrophe: usize = 0x20000
/** The losses that a tail lists, four or eight bytes each. */
export const listed: usize = 0x40000

const BATCH: u32 = 256
const MANTISSA_BITS: u32 = WIDE ? 6 : 7
const BINS: u32 = WIDE ? 3776 : 3328
/** A tail has segments of ten words where the others have bins of one. */
const BINS_AT: usize = accumulators + 64
const ACCUMULATOR_BYTES: usize = 64 + (TAIL ? 640 : <usize>BINS) * 4
const CLAIMS: usize = WIDE ? 36 : 20
/** Of a tail, a byte for each bin: the number of selected bins below or at it, and LISTED if it is one. */
const CLASSES: usize = 0x6000
const LISTED: u32 = 0x80
/** Four words of a draw. */
const DRAW: usize = 0x800
/** A block's claim words, at most four a year; 16 bytes past the end may be written. */
const WORDS: usize = 0x30000
/** Running sums before each of the words, and after the last: u64. */
const RUNNING: usize = 0x32000
/** Per year with claims in this block: the address of its first word, its index in the batch. */
const STARTS: usize = 0x35000
const OWNERS: usize = 0x36000
/** Years with claims in the next block: index | count << 16. */
const WAITING: usize = 0x37000
/** Years whose first catastrophe word passes: index, and the word above it. */
const CANDIDATES: usize = 0x38000
/** Each year's sum of payments: u64. */
const SUMS: usize = 0x39000

const CLAIM: u32 = 0x494e5331
const REFINE: u32 = 0x494e5232
const CATASTROPHE: u32 = 0x494e4333

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
  let first = (<u64>unitHigh << 32) | unitLow
  while (units > 0) {
    const years = min<u32>(units, BATCH)
    batch(first, years)
    first += years
    units -= years
  }
}

function batch(first: u64, years: u32): void {
  const key0 = load<u32>(constants)
  const key1 = load<u32>(constants, 4)
  const catPossible = load<u32>(constants, 56)
  const catHigh = load<u32>(constants, 60)

  memory.fill(SUMS, 0, <usize>years << 3)
  let claims: u64 = 0
  let word = WORDS
  let waiting = WAITING
  let candidate = CANDIDATES
  for (let i: u32 = 0; i < years; i++) {
    const unit = first + i
    philox(DRAW, unit, 0, CLAIM, key0, key1)
    const n = countOf(load<u32>(DRAW))
    const high = load<u32>(DRAW, 4)
    claims += n
    store<u32>(STARTS + (<usize>i << 2), <u32>word)
    store<u32>(OWNERS + (<usize>i << 2), i)
    // Both words are written, and those beyond the count overwritten; so too with the two lists below.
    store<u64>(word, load<u64>(DRAW, 8))
    word += <usize>min<u32>(n, 2) << 2
    store<u32>(waiting, i | (n << 16))
    waiting += <usize>u32(n > 2) << 2
    store<u64>(candidate, <u64>i | (<u64>high << 32))
    candidate += <usize>(catPossible & u32(high <= catHigh)) << 3
  }
  addPayments(first, 0, years, word)

  for (let block: u32 = 1; waiting > WAITING; block++) {
    const drawn = 4 * block - 2
    const end = waiting
    let owners: u32 = 0
    word = WORDS
    waiting = WAITING
    for (let at = WAITING; at < end; at += 4) {
      const entry = load<u32>(at)
      const i = entry & 0xffff
      const left = (entry >> 16) - drawn
      philox(word, first + i, block, CLAIM, key0, key1)
      store<u32>(STARTS + (<usize>owners << 2), <u32>word)
      store<u32>(OWNERS + (<usize>owners << 2), i)
      owners++
      word += <usize>min<u32>(left, 4) << 2
      store<u32>(waiting, entry)
      waiting += <usize>u32(left > 4) << 2
    }
    addPayments(first, block, owners, word)
  }

  addCatastrophes(first, candidate)
  if (!TAIL) store<u64>(accumulators + CLAIMS, load<u64>(accumulators + CLAIMS) + claims)
  closeYears(years)
}

// Payments of one block's claims, whose words lie from WORDS to `end`.
function addPayments(first: u64, block: u32, owners: u32, end: usize): void {
  store<u32>(STARTS + (<usize>owners << 2), <u32>end)
  if (WIDE || load<u32>(constants, 68) == 1) {
    addOneByOne(first, block, owners)
    return
  }
  if (runningSums(end)) refinedRunningSums(first, block, owners, end)
  let before = load<u64>(RUNNING)
  for (let at: usize = 0, last = <usize>owners << 2; at < last; at += 4) {
    const after = load<u64>(RUNNING + ((<usize>load<u32>(STARTS + at, 4) - WORDS) << 1))
    const sum = SUMS + (<usize>load<u32>(OWNERS + at) << 3)
    store<u64>(sum, load<u64>(sum) + after - before)
    before = after
  }
}

function addOneByOne(first: u64, block: u32, owners: u32): void {
  const deductible = amount(8)
  const policyLimit = amount(16)
  for (let at: usize = 0, last = <usize>owners << 2; at < last; at += 4) {
    const begin = load<u32>(STARTS + at)
    const end = load<u32>(STARTS + at, 4)
    const i = load<u32>(OWNERS + at)
    for (let word = begin; word < end; word += 4) {
      const claim = ((word - begin) >> 2) + (block == 0 ? 0 : 4 * block - 2)
      const x = claimValue(first + i, claim, load<u32>(<usize>word))
      addPayment(i, min<u64>(x - min<u64>(x, deductible), policyLimit))
    }
  }
}

/** A wide sum that leaves 64 bits is above any cap. */
function addPayment(i: u32, payment: u64): void {
  const place = SUMS + (<usize>i << 3)
  const sum = load<u64>(place)
  if (load<u32>(constants, 68) == 1) {
    store<u64>(place, max<u64>(sum, payment))
    return
  }
  const next = sum + payment
  store<u64>(place, WIDE && next < payment ? u64.MAX_VALUE : next)
}

function claimValue(unit: u64, claim: u32, word: u32): u64 {
  let refinement: u32 = 0
  if ((word & 0x7fffffff) < 0x800) {
    drawRare(unit, claim >> 2, REFINE)
    refinement = load<u32>(DRAW + (<usize>(claim & 3) << 2))
  }
  return refinedValue(severity, word, refinement)
}

/** Returns whether a word needs its refinement, in which case the sums are wrong. */
function runningSums(end: usize): bool {
  const deductible = load<u32>(constants, 8)
  const policyLimit = load<u32>(constants, 16)
  let sum: u64 = 0
  let tail: u32 = 0
  let to = RUNNING
  for (let at = WORDS; at < end; at += 4) {
    store<u64>(to, sum)
    to += 8
    const word = load<u32>(at)
    // Bit 31 is set when the low 31 bits are below 2^11, which is k >= 20.
    tail |= (word & 0x7fffffff) - 0x800
    const v = (word << 1) | 1
    const octave = <u32>clz(v)
    const x = <u32>rowValue(severity, word >> 31, octave, v << octave)
    sum += min<u32>(x - min<u32>(x, deductible), policyLimit)
  }
  store<u64>(to, sum)
  return tail >> 31 != 0
}

// Once in some thousand blocks: the same sums, with the refinement of every claim that has one.
function refinedRunningSums(first: u64, block: u32, owners: u32, end: usize): void {
  const deductible = load<u32>(constants, 8)
  const policyLimit = load<u32>(constants, 16)
  let sum: u64 = 0
  let to = RUNNING
  let owner: usize = 0
  let claim: u32 = 0
  for (let at = WORDS; at < end; at += 4) {
    while (load<u32>(STARTS + (owner << 2), 4) <= <u32>at) owner++
    claim = <u32>((at - load<u32>(STARTS + (owner << 2))) >> 2) + (block == 0 ? 0 : 4 * block - 2)
    store<u64>(to, sum)
    to += 8
    const word = load<u32>(at)
    const x = <u32>claimValue(first + load<u32>(OWNERS + (owner << 2)), claim, word)
    sum += min<u32>(x - min<u32>(x, deductible), policyLimit)
  }
  store<u64>(to, sum)
}

function addCatastrophes(first: u64, end: usize): void {
  const catLimit = amount(24)
  const catHigh = load<u32>(constants, 60)
  const catLow = load<u32>(constants, 64)
  for (let at = CANDIDATES; at < end; at += 8) {
    const i = load<u32>(at)
    drawRare(first + i, 0, CATASTROPHE)
    if (load<u32>(at, 4) == catHigh && load<u32>(DRAW) > catLow) continue
    const x = refinedValue(catastrophe, load<u32>(DRAW, 4), load<u32>(DRAW, 8))
    addPayment(i, min<u64>(x, catLimit))
  }
}

// From sums of payments to losses, and into the accumulators.
function closeYears(years: u32): void {
  const aggregateDeductible = amount(32)
  const aggregateLimit = amount(40)
  const sumCap = amount(48)
  for (let at = SUMS, end = SUMS + (<usize>years << 3); at < end; at += 8) {
    const sum = min<u64>(load<u64>(at), sumCap)
    store<u64>(at, min<u64>(sum - min<u64>(sum, aggregateDeductible), aggregateLimit))
  }
  if (TAIL) {
    listYears(years)
  } else if (WIDE) {
    countWideYears(years, aggregateLimit)
  } else {
    countYears(years, <u32>aggregateLimit)
  }
}

function countYears(years: u32, aggregateLimit: u32): void {
  let total = load<u64>(accumulators)
  let squares = load<u64>(accumulators, 8)
  let squaresHigh = load<u32>(accumulators, 16)
  let atLimit = load<u32>(accumulators, 28)
  let leastInverted = load<u32>(accumulators, 32)
  let greatest = load<u32>(accumulators, 36)
  for (let at = SUMS, end = SUMS + (<usize>years << 3); at < end; at += 8) {
    const loss = load<u32>(at)
    const square = <u64>loss * <u64>loss
    total += loss
    squares += square
    squaresHigh += u32(squares < square)
    atLimit += u32(loss == aggregateLimit)
    leastInverted = max<u32>(leastInverted, ~loss)
    greatest = max<u32>(greatest, loss)
    const bin = BINS_AT + (<usize>binOf(loss) << 2)
    store<u32>(bin, load<u32>(bin) + 1)
  }
  store<u64>(accumulators, total)
  store<u64>(accumulators, squares, 8)
  store<u32>(accumulators, squaresHigh, 16)
  store<u32>(accumulators, atLimit, 28)
  store<u32>(accumulators, leastInverted, 32)
  store<u32>(accumulators, greatest, 36)
}

function countWideYears(years: u32, aggregateLimit: u64): void {
  let atLimit = load<u32>(accumulators, 44)
  let leastInverted = load<u64>(accumulators, 48)
  let greatest = load<u64>(accumulators, 56)
  for (let at = SUMS, end = SUMS + (<usize>years << 3); at < end; at += 8) {
    const loss = load<u64>(at)
    addWide(accumulators, loss)
    atLimit += u32(loss == aggregateLimit)
    leastInverted = max<u64>(leastInverted, ~loss)
    greatest = max<u64>(greatest, loss)
    const bin = BINS_AT + (<usize>binOf(loss) << 2)
    store<u32>(bin, load<u32>(bin) + 1)
  }
  store<u32>(accumulators, atLimit, 44)
  store<u64>(accumulators, leastInverted, 48)
  store<u64>(accumulators, greatest, 56)
}

function listYears(years: u32): void {
  let words = load<u32>(accumulators)
  for (let at = SUMS, end = SUMS + (<usize>years << 3); at < end; at += 8) {
    const loss = load<u64>(at)
    const found = <u32>load<u8>(CLASSES + binOf(loss))
    if (found & LISTED) {
      // A narrow loss writes a high word that the next loss overwrites.
      store<u64>(listed + (<usize>words << 2), loss)
      words += WIDE ? 2 : 1
    } else {
      addWide(BINS_AT + <usize>(found * 40), loss)
    }
  }
  store<u32>(accumulators, words)
}

/** Adds a loss to 128 bits at `place`, and its square to the 160 bits behind them. */
function addWide(place: usize, loss: u64): void {
  const sum = load<u64>(place) + loss
  store<u64>(place, sum)
  store<u64>(place, load<u64>(place, 8) + u64(sum < loss), 8)
  const low: u64 = <u64>(<u32>loss)
  const high = loss >> 32
  const middle = low * high
  const corner = low * low
  const squareLow = corner + (middle << 33)
  const squareHigh = high * high + (middle >> 31) + u64(squareLow < corner)
  const first = load<u64>(place, 16) + squareLow
  const carry = u64(first < squareLow)
  const second = load<u64>(place, 24) + squareHigh
  const third = second + carry
  store<u64>(place, first, 16)
  store<u64>(place, third, 24)
  store<u32>(place, load<u32>(place, 32) + u32(second < squareHigh) + u32(third < carry), 32)
}

// @ts-ignore: decorator
@inline
function binOf(loss: u64): u32 {
  // Below 2^MANTISSA_BITS the shift is 0 and the bin the loss itself.
  const shift = 63 - MANTISSA_BITS - <u32>clz(loss | (1 << MANTISSA_BITS))
  return (shift << MANTISSA_BITS) + <u32>(loss >> shift)
}

/** An amount of the constants; narrow ones have a high word of 0. */
// @ts-ignore: decorator
@inline
function amount(at: usize): u64 {
  return load<u64>(constants + at)
}

// @ts-ignore: decorator
@inline
function countOf(word: u32): u32 {
  let n = load<u32>(count + (<usize>(word >> 24) << 2))
  const thresholds = count + ((256 - load<u32>(count)) << 2)
  while (load<u32>(thresholds + (<usize>n << 2)) < word) n++
  return n
}

// @ts-ignore: decorator
@inline
function rowValue(table: usize, side: u32, octave: u32, normalized: u32): u64 {
  const row = table + (<usize>((((side << 6) | octave) << 5) | ((normalized >> 26) & 31)) << 4)
  const t = <i64>((normalized << 6) >> 1)
  const slope = load<i32>(row, 4) + <i32>((t * <i64>load<i32>(row, 8)) >> 32)
  const value = <u64><u32>(load<i32>(row) + <i32>((t * <i64>slope) >> 32))
  return WIDE ? value << load<u32>(row, 12) : value
}

/** The quantile of any word; the refinement is ignored unless k >= 20. */
function refinedValue(table: usize, word: u32, refinement: u32): u64 {
  const v = (word << 1) | 1
  if (v >= 0x1000) return rowValue(table, word >> 31, <u32>clz(v), v << <u32>clz(v))
  const wide = (((<u64>(word & 0x7fffffff) << 32) | refinement) << 1) | 1
  const octave = clz(wide)
  return rowValue(table, word >> 31, <u32>octave, <u32>((wide << octave) >> 32))
}

function drawRare(unit: u64, block: u32, domain: u32): void {
  philox(DRAW, unit, block, domain, load<u32>(constants), load<u32>(constants, 4))
}
