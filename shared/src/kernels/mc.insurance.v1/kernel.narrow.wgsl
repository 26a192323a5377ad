// Narrow money for the programs in WGSL: u32 quanta, sums of 64 bits, squares of 96, 3,328 bins of 7 mantissa bits.

alias Money = u32;
const MONEY_WORDS = 1u;
const BINS = 3328u;
/** Words of a slot after its bins. */
const EXTREMES = 0u;

fn amount(words: vec2u) -> Money { return words.x; }

fn money_word(money: Money, index: u32) -> u32 { return money; }

fn row_money(row: vec4i, t: u32) -> Money { return row_value(row, t); }

fn layer(money: Money, deductible: Money, limit: Money) -> Money {
  return min(money - min(money, deductible), limit);
}

/** Neither exceeds the cap unless it wraps, which is then above it too. The greater of two is not less than either. */
fn combined(sum: Money, payment: Money, cap: Money, greatest_event: bool) -> Money {
  let next = select(sum + payment, max(sum, payment), greatest_event);
  return select(min(next, cap), cap, next < payment);
}

/** Below 128 the shift is 0 and the bin the loss itself. */
fn bin_of(loss: Money) -> u32 {
  let shift = 24u - countLeadingZeros(loss | 128u);
  return min((shift << 7u) + (loss >> shift), BINS - 1u);
}

struct Sums { sum: vec2u, squares: vec3u }

fn with_loss(sums: Sums, loss: Money) -> Sums {
  let sum = add_limb(sums.sum.x, loss, 0u);
  let square = multiply(loss, loss);
  let low = add_limb(sums.squares.x, square.x, 0u);
  let middle = add_limb(sums.squares.y, square.y, low.y);
  return Sums(vec2u(sum.x, sums.sum.y + sum.y), vec3u(low.x, middle.x, sums.squares.z + middle.y));
}

/** Adds both numbers to the cells from those positions on. */
fn share_sums(sums: Sums, sum_at: u32, squares_at: u32) {
  var carry = cell_add(sum_at, sums.sum.x, 0u);
  cell_add(sum_at + 1u, sums.sum.y, carry);
  carry = cell_add(squares_at, sums.squares.x, 0u);
  carry = cell_add(squares_at + 1u, sums.squares.y, carry);
  cell_add(squares_at + 2u, sums.squares.z, carry);
}

fn greater(a: Money, b: Money) -> Money { return max(a, b); }

/** All threads of a workgroup call it, as it may have to wait for the others. */
fn share_extreme(at: u32, extreme: Money) { atomicMax(&cells[at], extreme); }

fn merge_extreme(slot: u32, at: u32, index: u32) { atomicMax(&slots[slot + at], atomicLoad(&cells[at])); }
