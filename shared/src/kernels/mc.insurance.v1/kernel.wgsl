// The insurance kernel in WGSL, for the WebGPU engine: what reference.ts says, one year a thread at a time. It uses u32
// and i32 alone, because f32 differs between drivers; 64-bit products are made of 16-bit halves.
//
// This is what all programs share. `pnpm gen` joins it with one file that says what money is (kernel.narrow.wgsl or
// kernel.wide.wgsl) and one that says what becomes of a loss (kernel.totals.wgsl or kernel.tail.wgsl): four texts.
//
// A workgroup draws one run of years of one shard and adds them up in `cells`, which fit into the 16 KiB that every
// adapter grants. At the end it adds them to the shard's slot in storage: integer additions in any order give the same
// bits, and a shard may span workgroups and dispatches. Every index is in range by construction, every loop bounded.

struct Work { unit_low: u32, unit_high: u32, units: u32, slot: u32 }
struct Lists { stride: u32, words: array<u32> }

@group(0) @binding(0) var<uniform> constants: array<vec4u, 24>;
@group(0) @binding(1) var<storage, read> works: array<Work>;
@group(0) @binding(2) var<storage, read_write> slots: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read> severity: array<vec4i, 4096>;
@group(0) @binding(4) var<storage, read> count: array<u32, 4096>;
@group(0) @binding(5) var<storage, read> catastrophe: array<vec4i, 4096>;
@group(0) @binding(6) var<storage, read_write> lists: Lists;

/** Of a workgroup, a power of two up to 256: many for a real GPU, few for a software adapter. */
override THREADS: u32 = 256u;
/** At most so many years a workgroup. */
const YEARS_MAX = 16384u;
/** Words of a slot before its bins or segments; what each holds is in accumulators.ts. */
const HEAD = 16u;
/** More claims than any word draws at the greatest rate, 10,000; more thresholds than any table has. */
const CLAIMS_MAX = 16384u;
const THRESHOLDS_MAX = 4096u;

const CLAIM = 0x494e5331u;
const REFINE = 0x494e5232u;
const CATASTROPHE = 0x494e4333u;

/** What the workgroup adds to its slot, at the same positions. */
var<workgroup> cells: array<atomic<u32>, CELLS>;

struct Year { loss: Money, claims: u32 }

fn year(unit: vec2u) -> Year {
  let deductible = amount(constants[0].zw);
  let policy_limit = amount(constants[1].xy);
  let cat_limit = amount(constants[1].zw);
  let cap = amount(constants[3].xy);
  let cat_possible = constants[3].z;
  let cat_high = constants[3].w;
  let cat_low = constants[4].x;
  let greatest_event = constants[4].y == 1u;

  let first = philox(unit, 0u, CLAIM);
  let n = count_of(first.x);
  var sum = Money();
  var words = first.zwzw;
  for (var i = 0u; i < CLAIMS_MAX; i++) {
    if (i >= n) { break; }
    if (i >= 2u && ((i - 2u) & 3u) == 0u) { words = philox(unit, 1u + ((i - 2u) >> 2u), CLAIM); }
    let word = words.x;
    words = words.yzwx;
    var refinement = 0u;
    if ((word & 0x7fffffffu) < 0x800u) { refinement = philox(unit, i >> 2u, REFINE)[i & 3u]; }
    let at = place(word, refinement);
    let claim = row_money(severity[at.x], at.y);
    sum = combined(sum, layer(claim, deductible, policy_limit), cap, greatest_event);
  }
  if (cat_possible == 1u && first.y <= cat_high) {
    let drawn = philox(unit, 0u, CATASTROPHE);
    if (first.y < cat_high || drawn.x <= cat_low) {
      let at = place(drawn.y, drawn.z);
      let payment = layer(row_money(catastrophe[at.x], at.y), Money(), cat_limit);
      sum = combined(sum, payment, cap, greatest_event);
    }
  }
  return Year(layer(sum, amount(constants[2].xy), amount(constants[2].zw)), n);
}

/** The ten rounds stay a loop: drivers unroll it where that pays, and written out it is half as fast on SwiftShader. */
fn philox(unit: vec2u, block: u32, domain: u32) -> vec4u {
  var c = vec4u(unit, block, domain);
  var key = constants[0].xy;
  for (var round = 0u; round < 10u; round++) {
    let p = multiply(0xd2511f53u, c.x);
    let q = multiply(0xcd9e8d57u, c.z);
    c = vec4u(q.y ^ c.y ^ key.x, q.x, p.y ^ c.w ^ key.y, p.x);
    key += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

fn count_of(word: u32) -> u32 {
  let base = count[0];
  var n = count[word >> 24u];
  for (var i = 0u; i < THRESHOLDS_MAX; i++) {
    if (count[(256u - base + n) & 4095u] >= word) { break; }
    n++;
  }
  return n;
}

/** Where a word lies in a quantile table: x is the row, y is t. `refinement` counts from k = 20 on. */
fn place(word: u32, refinement: u32) -> vec2u {
  let v = (word << 1u) | 1u;
  var octave = countLeadingZeros(v);
  var normalized = v << (octave & 31u);
  if (octave >= 20u) {
    let high = (word << 1u) | (refinement >> 31u);
    let low = (refinement << 1u) | 1u;
    if (high == 0u) {
      octave = countLeadingZeros(low);
      normalized = low << (octave & 31u);
      octave += 32u;
    } else {
      octave = countLeadingZeros(high);
      normalized = (high << (octave & 31u)) | (low >> ((32u - octave) & 31u));
    }
  }
  let segment = (normalized >> 26u) & 31u;
  return vec2u((((((word >> 31u) << 6u) | octave) << 5u) | segment) & 4095u, (normalized << 6u) >> 1u);
}

/** c0 + hi(t (c1 + hi(t c2))). */
fn row_value(row: vec4i, t: u32) -> u32 {
  return bitcast<u32>(row.x + signed_high(t, row.y + signed_high(t, row.z)));
}

/** The high word of the signed product; t is below 2^31. A negative c is c + 2^32 as u32, which adds t. */
fn signed_high(t: u32, c: i32) -> i32 {
  return bitcast<i32>(multiply(t, bitcast<u32>(c)).y - select(0u, t, c < 0));
}

/** Both words of a product, the low one first; of 16-bit halves alone, which many GPUs multiply faster than words. */
fn multiply(a: u32, b: u32) -> vec2u {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let low = a_low * b_low;
  let middle = a_high * b_low + (low >> 16u);
  let cross = a_low * b_high + (middle & 0xffffu);
  return vec2u((cross << 16u) | (low & 0xffffu), a_high * b_high + (middle >> 16u) + (cross >> 16u));
}

/** One limb of a sum, and what is carried out of it; `carry` is 0 or 1. */
fn add_limb(a: u32, b: u32, carry: u32) -> vec2u {
  let part = a + b;
  let whole = part + carry;
  return vec2u(whole, select(0u, 1u, part < a || whole < part));
}

/**
 * Adds a limb and what is carried into it to a cell; returns what is carried out of it. Each addition that wraps a word
 * is seen by whoever made it wrap, so that many threads may add limb by limb.
 */
fn cell_add(at: u32, limb: u32, carry: u32) -> u32 {
  let added = limb + carry;
  var before = 0u;
  if (added != 0u) { before = atomicAdd(&cells[at], added); }
  return select(0u, 1u, added < carry || before + added < added);
}

/** The same to a word of the slots. */
fn slot_add(at: u32, limb: u32, carry: u32) -> u32 {
  let added = limb + carry;
  var before = 0u;
  if (added != 0u) { before = atomicAdd(&slots[at], added); }
  return select(0u, 1u, added < carry || before + added < added);
}

/** Adds the number in `limbs` cells from `at` on to the same words of a slot. */
fn merge(slot: u32, at: u32, limbs: u32) {
  var carry = 0u;
  for (var i = at; i < at + limbs; i++) { carry = slot_add(slot + i, atomicLoad(&cells[i]), carry); }
}
