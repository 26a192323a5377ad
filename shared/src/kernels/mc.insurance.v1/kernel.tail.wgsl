// Programs of the second pass in WGSL: losses in the selected bins are listed, the others are summed in the segments
// between those bins.

const SEGMENTS = 64u;
/** Words of a segment: four of the sum, five of the squares, one unused. */
const SEGMENT = 10u;
const SEGMENT_SQUARES = 4u;
const CELLS = HEAD + SEGMENT * SEGMENTS;
/** No bin. */
const NEVER = 0xffffffffu;

/** The selected bins, ascending; NEVER in the places that are left, of which there is at least one. */
var<workgroup> selected: array<u32, SEGMENTS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  for (var i = thread; i < SEGMENTS; i += THREADS) {
    selected[i] = select(NEVER, constants[8u + (i >> 2u)][i & 3u], i < constants[4].z);
  }
  workgroupBarrier();

  let work = works[workgroup.x];
  let slot = work.slot * CELLS;
  // Most losses lie below the first selected bin; the others are fewer than the words that a year draws.
  var lowest = Sums();
  for (var step = 0u; step < YEARS_MAX / THREADS; step++) {
    let i = step * THREADS + thread;
    if (i >= work.units) { break; }
    let low = work.unit_low + i;
    let loss = year(vec2u(low, work.unit_high + select(0u, 1u, low < i))).loss;
    let bin = bin_of(loss);
    let segment = selected_to(bin);
    if (segment == 0u) {
      lowest = with_loss(lowest, loss);
    } else if (selected[segment - 1u] == bin) {
      list(work.slot, atomicAdd(&slots[slot], MONEY_WORDS), loss);
    } else {
      let at = HEAD + SEGMENT * segment;
      share_sums(with_loss(Sums(), loss), at, at + SEGMENT_SQUARES);
    }
  }
  share_sums(lowest, HEAD, HEAD + SEGMENT_SQUARES);
  workgroupBarrier();

  for (var segment = thread; segment < SEGMENTS; segment += THREADS) {
    let at = HEAD + SEGMENT * segment;
    merge(slot, at, SEGMENT_SQUARES);
    merge(slot, at + SEGMENT_SQUARES, SEGMENT_SQUARES + 1u);
  }
}

/** How many of the selected bins are at or below a bin: at most 63. */
fn selected_to(bin: u32) -> u32 {
  var found = 0u;
  for (var step = SEGMENTS / 2u; step > 0u; step >>= 1u) {
    found += select(0u, step, selected[found + step - 1u] <= bin);
  }
  return found;
}

/** A slot's stretch has room for all of its years, so the comparison only proves that no other slot is touched. */
fn list(slot: u32, at: u32, loss: Money) {
  if (at + MONEY_WORDS > lists.stride) { return; }
  for (var i = 0u; i < MONEY_WORDS; i++) { lists.words[slot * lists.stride + at + i] = money_word(loss, i); }
}
