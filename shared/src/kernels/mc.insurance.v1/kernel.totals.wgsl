// Programs of a first pass in WGSL: sums, extremes and the histogram of the years' losses.

/** Two bins a cell, 16 bits each: a workgroup has at most YEARS_MAX, 2^14, years. Half the memory, more workgroups. */
const CELLS = HEAD + BINS / 2u;
const SLOT = HEAD + BINS + EXTREMES;
/** Positions in a slot; a sum takes twice the words of money, one of squares one more. */
const SQUARES = 2u * MONEY_WORDS;
const CLAIMS = SQUARES + SQUARES + 1u;
const AT_LIMIT = CLAIMS + 2u;
const LEAST = AT_LIMIT + 1u;
const GREATEST = LEAST + MONEY_WORDS;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let work = works[workgroup.x];
  let limit = amount(constants[2].zw);
  var sums = Sums();
  // A workgroup's claims fit into one word: at most YEARS_MAX x CLAIMS_MAX, 2^28.
  var claims = 0u;
  var at_limit = 0u;
  var least_inverted = Money();
  var greatest = Money();
  for (var step = 0u; step < YEARS_MAX / THREADS; step++) {
    let i = step * THREADS + thread;
    if (i >= work.units) { break; }
    let low = work.unit_low + i;
    let drawn = year(vec2u(low, work.unit_high + select(0u, 1u, low < i)));
    sums = with_loss(sums, drawn.loss);
    claims += drawn.claims;
    at_limit += select(0u, 1u, all(drawn.loss == limit));
    least_inverted = greater(least_inverted, ~drawn.loss);
    greatest = greater(greatest, drawn.loss);
    let bin = bin_of(drawn.loss);
    atomicAdd(&cells[HEAD + (bin >> 1u)], 1u << ((bin & 1u) << 4u));
  }

  share_sums(sums, 0u, SQUARES);
  atomicAdd(&cells[CLAIMS], claims);
  atomicAdd(&cells[AT_LIMIT], at_limit);
  share_extreme(LEAST, least_inverted);
  share_extreme(GREATEST, greatest);
  workgroupBarrier();

  let slot = work.slot * SLOT;
  for (var pair = thread; pair < BINS / 2u; pair += THREADS) {
    let years = atomicLoad(&cells[HEAD + pair]);
    let at = slot + HEAD + 2u * pair;
    if ((years & 0xffffu) != 0u) { atomicAdd(&slots[at], years & 0xffffu); }
    if ((years >> 16u) != 0u) { atomicAdd(&slots[at + 1u], years >> 16u); }
  }
  if (thread == 0u) {
    merge(slot, 0u, SQUARES);
    merge(slot, SQUARES, SQUARES + 1u);
    merge(slot, CLAIMS, 2u);
    merge(slot, AT_LIMIT, 1u);
    merge_extreme(slot, LEAST, 0u);
    merge_extreme(slot, GREATEST, 1u);
  }
}
