// The insurance kernel in WGSL, for the WebGPU engine: what reference.ts says, one year a thread at a time. It uses u32
// and i32 alone, because f32 differs between drivers; 64-bit products are made of 16-bit halves.
//
// A workgroup draws one run of years of one shard and adds them to its histogram, 13 KiB of the 16 KiB that every
// adapter grants. At the end it adds that to the shard's slot in storage: integer additions in any order give the same
// bits, and a shard may span workgroups and dispatches. Every index is in range by construction, every loop bounded.

struct Work { unit_low: u32, unit_high: u32, units: u32, slot: u32 }

@group(0) @binding(0) var<uniform> constants: array<vec4u, 24>;
@group(0) @binding(1) var<storage, read> works: array<Work>;
@group(0) @binding(2) var<storage, read_write> slots: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read> severity: array<vec4i, 4096>;
@group(0) @binding(4) var<storage, read> count: array<u32, 4096>;
@group(0) @binding(5) var<storage, read> catastrophe: array<vec4i, 4096>;

/** Of a workgroup, a power of two up to 256: many for a real GPU, few for a software adapter. */
override THREADS: u32 = 256u;
/** At most so many years a workgroup. */
const YEARS_MAX = 16384u;
const BINS = 3328u;
/** Words of a slot before its bins; what each holds is in accumulators.ts. */
const HEAD = 16u;
/** More claims than any word draws at the greatest rate, 10,000; more thresholds than any table has. */
const CLAIMS_MAX = 16384u;
const THRESHOLDS_MAX = 4096u;

const CLAIM = 0x494e5331u;
const REFINE = 0x494e5232u;
const CATASTROPHE = 0x494e4333u;

var<workgroup> histogram: array<atomic<u32>, BINS>;
var<workgroup> head: array<atomic<u32>, HEAD>;

/** Both words of a product, the low one first. */
fn multiply(a: u32, b: u32) -> vec2u {
  let a_low = a & 0xffffu;
  let a_high = a >> 16u;
  let b_low = b & 0xffffu;
  let b_high = b >> 16u;
  let middle = a_high * b_low + ((a_low * b_low) >> 16u);
  let cross = a_low * b_high + (middle & 0xffffu);
  return vec2u(a * b, a_high * b_high + (middle >> 16u) + (cross >> 16u));
}

/** The high word of the signed product; t is below 2^31. A negative c is c + 2^32 as u32, which adds t. */
fn signed_high(t: u32, c: i32) -> i32 {
  return bitcast<i32>(multiply(t, bitcast<u32>(c)).y - select(0u, t, c < 0));
}

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

fn row_value(row: vec4i, t: u32) -> u32 {
  return bitcast<u32>(row.x + signed_high(t, row.y + signed_high(t, row.z)));
}

/** Neither exceeds the cap unless it wraps, which is then above it too. */
fn capped_sum(sum: u32, payment: u32, cap: u32) -> u32 {
  let next = sum + payment;
  return select(min(next, cap), cap, next < payment);
}

/** The year's loss and its number of claims. */
fn year(unit: vec2u) -> vec2u {
  let deductible = constants[0].z;
  let policy_limit = constants[1].x;
  let cat_limit = constants[1].z;
  let aggregate_deductible = constants[2].x;
  let aggregate_limit = constants[2].z;
  let cap = constants[3].x;
  let cat_possible = constants[3].z;
  let cat_high = constants[3].w;
  let cat_low = constants[4].x;

  let first = philox(unit, 0u, CLAIM);
  let n = count_of(first.x);
  var sum = 0u;
  var words = first.zwzw;
  for (var i = 0u; i < CLAIMS_MAX; i++) {
    if (i >= n) { break; }
    if (i >= 2u && ((i - 2u) & 3u) == 0u) { words = philox(unit, 1u + ((i - 2u) >> 2u), CLAIM); }
    let word = words.x;
    words = words.yzwx;
    var refinement = 0u;
    if ((word & 0x7fffffffu) < 0x800u) { refinement = philox(unit, i >> 2u, REFINE)[i & 3u]; }
    let at = place(word, refinement);
    let claim = row_value(severity[at.x], at.y);
    sum = capped_sum(sum, min(claim - min(claim, deductible), policy_limit), cap);
  }
  if (cat_possible == 1u && first.y <= cat_high) {
    let drawn = philox(unit, 0u, CATASTROPHE);
    if (first.y < cat_high || drawn.x <= cat_low) {
      let at = place(drawn.y, drawn.z);
      sum = capped_sum(sum, min(row_value(catastrophe[at.x], at.y), cat_limit), cap);
    }
  }
  return vec2u(min(sum - min(sum, aggregate_deductible), aggregate_limit), n);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let work = works[workgroup.x];
  var sum = vec2u();
  var squares = vec3u();
  var claims = vec2u();
  var at_limit = 0u;
  var least_inverted = 0u;
  var greatest = 0u;
  for (var step = 0u; step < YEARS_MAX / THREADS; step++) {
    let i = step * THREADS + thread;
    if (i >= work.units) { break; }
    let low = work.unit_low + i;
    let drawn = year(vec2u(low, work.unit_high + select(0u, 1u, low < i)));
    let loss = drawn.x;
    sum = add_2(sum, vec2u(loss, 0u));
    squares = add_3(squares, vec3u(multiply(loss, loss), 0u));
    claims = add_2(claims, vec2u(drawn.y, 0u));
    at_limit += select(0u, 1u, loss == constants[2].z);
    least_inverted = max(least_inverted, ~loss);
    greatest = max(greatest, loss);
    // Below 128 the shift is 0 and the bin the loss itself.
    let shift = 24u - countLeadingZeros(loss | 128u);
    atomicAdd(&histogram[min((shift << 7u) + (loss >> shift), BINS - 1u)], 1u);
  }

  // Each addition that wraps a word is seen by whoever made it wrap, so limbs may be added one by one.
  var carry = head_add(0u, sum.x, 0u);
  head_add(1u, sum.y, carry);
  carry = head_add(2u, squares.x, 0u);
  carry = head_add(3u, squares.y, carry);
  head_add(4u, squares.z, carry);
  carry = head_add(5u, claims.x, 0u);
  head_add(6u, claims.y, carry);
  atomicAdd(&head[7], at_limit);
  atomicMax(&head[8], least_inverted);
  atomicMax(&head[9], greatest);
  workgroupBarrier();

  let slot = work.slot * (HEAD + BINS);
  for (var step = 0u; step < BINS / THREADS; step++) {
    let bin = step * THREADS + thread;
    let years = atomicLoad(&histogram[bin]);
    if (years != 0u) { atomicAdd(&slots[slot + HEAD + bin], years); }
  }
  if (thread == 0u) {
    carry = slot_add(slot, atomicLoad(&head[0]), 0u);
    slot_add(slot + 1u, atomicLoad(&head[1]), carry);
    carry = slot_add(slot + 2u, atomicLoad(&head[2]), 0u);
    carry = slot_add(slot + 3u, atomicLoad(&head[3]), carry);
    slot_add(slot + 4u, atomicLoad(&head[4]), carry);
    carry = slot_add(slot + 5u, atomicLoad(&head[5]), 0u);
    slot_add(slot + 6u, atomicLoad(&head[6]), carry);
    atomicAdd(&slots[slot + 7u], atomicLoad(&head[7]));
    atomicMax(&slots[slot + 8u], atomicLoad(&head[8]));
    atomicMax(&slots[slot + 9u], atomicLoad(&head[9]));
  }
}

fn add_2(a: vec2u, b: vec2u) -> vec2u {
  let low = a.x + b.x;
  return vec2u(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn add_3(a: vec3u, b: vec3u) -> vec3u {
  let low = add_2(a.xy, vec2u(b.x, 0u));
  let middle = low.y + b.y;
  // At most one of the two additions to the middle word wraps.
  let carry = select(0u, 1u, low.y < a.y) + select(0u, 1u, middle < b.y);
  return vec3u(low.x, middle, a.z + b.z + carry);
}

/** Adds a limb and what is carried into it; returns what is carried out of it. */
fn head_add(at: u32, limb: u32, carry: u32) -> u32 {
  let added = limb + carry;
  let before = atomicAdd(&head[at], added);
  return select(0u, 1u, added < carry) + select(0u, 1u, before + added < added);
}

fn slot_add(at: u32, limb: u32, carry: u32) -> u32 {
  let added = limb + carry;
  let before = atomicAdd(&slots[at], added);
  return select(0u, 1u, added < carry) + select(0u, 1u, before + added < added);
}
