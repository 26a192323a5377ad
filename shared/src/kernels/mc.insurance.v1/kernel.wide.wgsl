// Wide money for the programs in WGSL: u64 quanta as two words, the low one first; sums of 128 bits, squares of 160,
// 3,776 bins of 6 mantissa bits.

alias Money = vec2u;
const MONEY_WORDS = 2u;
const BINS = 3776u;
/** Words of a slot after its bins: the records of its least and of its greatest loss. */
const RECORDS = 63u;
const RECORD_WORDS = 128u;
const EXTREMES = 2u * RECORD_WORDS;

fn amount(words: vec2u) -> Money { return words; }

fn money_word(money: Money, index: u32) -> u32 { return money[index & 1u]; }

/** The row's value times 2^(its fourth word mod 64), of which 64 bits remain. */
fn row_money(row: vec4i, t: u32) -> Money {
  let value = row_value(row, t);
  let shift = bitcast<u32>(row.w) & 31u;
  let low = value << shift;
  // In two steps, because 32 would be a shift of 0.
  let high = (value >> 1u) >> (31u - shift);
  return select(vec2u(low, high), vec2u(0u, low), (row.w & 32) != 0);
}

fn less(a: Money, b: Money) -> bool { return a.y < b.y || (a.y == b.y && a.x < b.x); }

fn layer(money: Money, deductible: Money, limit: Money) -> Money {
  let borrow = select(0u, 1u, money.x < deductible.x);
  let rest = vec2u(money.x - deductible.x, money.y - deductible.y - borrow);
  let above = select(rest, Money(), less(money, deductible));
  return select(above, limit, less(limit, above));
}

/** A sum that wraps is above every cap. The greater of two is not less than either. */
fn combined(sum: Money, payment: Money, cap: Money, greatest_event: bool) -> Money {
  let low = sum.x + payment.x;
  let added = vec2u(low, sum.y + payment.y + select(0u, 1u, low < sum.x));
  let next = select(added, greater(sum, payment), greatest_event);
  return select(next, cap, less(next, payment) || less(cap, next));
}

fn greater(a: Money, b: Money) -> Money { return select(a, b, less(a, b)); }

/** Below 64 the shift is 0 and the bin the loss itself; above, its highest bit and six more count within an octave. */
fn bin_of(loss: Money) -> u32 {
  let is_long = loss.y != 0u;
  let top = select(max(loss.x, 64u), loss.y, is_long);
  let zeros = countLeadingZeros(top);
  let shift = select(25u, 57u, is_long) - zeros;
  let below = select(0u, (loss.x >> 1u) >> (31u - zeros), is_long);
  let leading = ((top << zeros) | below) >> 25u;
  return min((shift << 6u) + select(leading, loss.x, !is_long && loss.x < 64u), BINS - 1u);
}

struct Sums { sum: vec4u, squares: vec4u, squares_top: u32 }

fn with_loss(sums: Sums, loss: Money) -> Sums {
  let s0 = add_limb(sums.sum.x, loss.x, 0u);
  let s1 = add_limb(sums.sum.y, loss.y, s0.y);
  let s2 = add_limb(sums.sum.z, 0u, s1.y);
  let square = square_of(loss);
  let q0 = add_limb(sums.squares.x, square.x, 0u);
  let q1 = add_limb(sums.squares.y, square.y, q0.y);
  let q2 = add_limb(sums.squares.z, square.z, q1.y);
  let q3 = add_limb(sums.squares.w, square.w, q2.y);
  let sum = vec4u(s0.x, s1.x, s2.x, sums.sum.w + s2.y);
  return Sums(sum, vec4u(q0.x, q1.x, q2.x, q3.x), sums.squares_top + q3.y);
}

fn square_of(a: Money) -> vec4u {
  let low = multiply(a.x, a.x);
  let cross = multiply(a.x, a.y);
  let high = multiply(a.y, a.y);
  // The cross product counts twice.
  let w1 = add_limb(low.y, cross.x << 1u, 0u);
  let w2 = add_limb(high.x, (cross.y << 1u) | (cross.x >> 31u), w1.y);
  return vec4u(low.x, w1.x, w2.x, high.y + (cross.y >> 31u) + w2.y);
}

/** Adds both numbers to the cells from those positions on. */
fn share_sums(sums: Sums, sum_at: u32, squares_at: u32) {
  var carry = cell_add(sum_at, sums.sum.x, 0u);
  carry = cell_add(sum_at + 1u, sums.sum.y, carry);
  carry = cell_add(sum_at + 2u, sums.sum.z, carry);
  cell_add(sum_at + 3u, sums.sum.w, carry);
  carry = cell_add(squares_at, sums.squares.x, 0u);
  carry = cell_add(squares_at + 1u, sums.squares.y, carry);
  carry = cell_add(squares_at + 2u, sums.squares.z, carry);
  carry = cell_add(squares_at + 3u, sums.squares.w, carry);
  cell_add(squares_at + 4u, sums.squares_top, carry);
}

/** All threads of a workgroup call it: the high words meet first, then the low words of those that have the greatest. */
fn share_extreme(at: u32, extreme: Money) {
  atomicMax(&cells[at + 1u], extreme.y);
  workgroupBarrier();
  if (extreme.y == atomicLoad(&cells[at + 1u])) { atomicMax(&cells[at], extreme.x); }
}

/**
 * No barrier reaches across workgroups, and no two words change as one. So the high words meet in the slot, and whoever
 * raised or equalled the high word there brings its low word to the record of that high word: a place among RECORDS,
 * whose first word is set once from 0 to the high word, and whose second is the greatest low word. A high word of 0
 * needs no record. Of n workgroups in random order some ln n raise the high word, so 63 places are enough; would they
 * ever not be, the word behind them says so. extremes.ts reads them.
 */
fn merge_extreme(slot: u32, at: u32, index: u32) {
  let high = atomicLoad(&cells[at + 1u]);
  let low = atomicLoad(&cells[at]);
  if (atomicMax(&slots[slot + at + 1u], high) > high) { return; }
  if (high == 0u) {
    atomicMax(&slots[slot + at], low);
    return;
  }
  let records = slot + HEAD + BINS + index * RECORD_WORDS;
  var place = 0u;
  // Four times the places: an exchange may fail for no reason.
  for (var i = 0u; i < 4u * RECORDS; i++) {
    let tried = atomicCompareExchangeWeak(&slots[records + 2u * place], 0u, high);
    if (tried.exchanged || tried.old_value == high) {
      atomicMax(&slots[records + 2u * place + 1u], low);
      return;
    }
    if (tried.old_value != 0u) { place++; }
    if (place == RECORDS) { break; }
  }
  atomicMax(&slots[records + 2u * RECORDS], 1u);
}
