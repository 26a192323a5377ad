// The kernel in C, for its speed alone: years in batches, one array a quantity, the arithmetic in the widest vectors that
// the machine has. It must return the accumulators of the reference, or the bench refuses to name its speed.
//
// Numbers of 32 bits lie in lanes of 64, whose upper halves may hold anything: the one instruction that multiplies, which
// reads lower halves only, needs no masks then. It is inline assembly because clang turns the intrinsic into slower code.
// Sums are u32 and stop at the cap after every payment, as the reference's do.
#include "peer.h"

#if defined(__AVX512F__) && !defined(VECTOR_BYTES)
#define VECTOR_BYTES 64
#elif defined(__AVX2__) && !defined(VECTOR_BYTES)
#define VECTOR_BYTES 32
#elif !defined(VECTOR_BYTES)
#define VECTOR_BYTES 16
#endif
#define LANES (VECTOR_BYTES / 8)
/** A multiple of 64; its arrays stay in the first level of the cache. */
#define BATCH 512

typedef uint64_t lanes __attribute__((vector_size(VECTOR_BYTES)));
typedef double reals __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t words __attribute__((vector_size(VECTOR_BYTES / 2)));

enum { CLAIM = 0x494e5331, REFINE = 0x494e5232, CATASTROPHE = 0x494e4333 };

/** The file that the bench writes, in this order; amounts in quanta. */
static struct {
  uint32_t key0, key1;
  uint32_t deductible, policy_limit, cat_limit, aggregate_deductible, aggregate_limit, sum_cap;
  uint32_t cat_possible, cat_high, cat_low, unused;
  /** Rows of 16 bytes: c0 and c1 in the first word, c2 in the second. */
  uint64_t severity[8192], catastrophe[8192];
  uint32_t count[4096];
} in;

static struct {
  uint64_t sum, claims;
  unsigned __int128 squares;
  uint32_t at_limit, least, greatest, histogram[BINS];
} out;

#define ALIGNED __attribute__((aligned(64)))
static uint32_t drawn[4][BATCH] ALIGNED, counts[BATCH] ALIGNED, sums[BATCH] ALIGNED;
/** Years with more claims than were drawn, and the claims of one block of theirs: whole vectors of them are read. */
static uint32_t waiting[BATCH + 1], owners[4 * BATCH + LANES];
static uint32_t claim_words[4 * BATCH + LANES] ALIGNED, paid[4 * BATCH + LANES] ALIGNED;

static inline lanes spread(uint64_t value) {
  return value - (lanes){};
}

/** The products of the lower halves, without sign. */
static inline lanes times(lanes a, lanes b) {
#if defined(__AVX2__)
  lanes product;
  __asm__("vpmuludq %2, %1, %0" : "=v"(product) : "v"(a), "v"(b));
  return product;
#else
  return (a & 0xffffffff) * (b & 0xffffffff);
#endif
}

/** The same with sign. */
static inline lanes times_signed(lanes a, lanes b) {
#if defined(__AVX2__)
  lanes product;
  __asm__("vpmuldq %2, %1, %0" : "=v"(product) : "v"(a), "v"(b));
  return product;
#else
  lanes product;
  for (int lane = 0; lane < LANES; lane++) product[lane] = (uint64_t)((int64_t)(int32_t)a[lane] * (int32_t)b[lane]);
  return product;
#endif
}

static inline void philox_rounds(lanes c[4]) {
  uint32_t key0 = in.key0, key1 = in.key1;
#pragma GCC unroll 10
  for (int round = 0; round < 10; round++) {
    const lanes a = times(c[0], spread(0xd2511f53)), b = times(c[2], spread(0xcd9e8d57));
    c[0] = (b >> 32) ^ c[1] ^ spread(key0);
    c[2] = (a >> 32) ^ c[3] ^ spread(key1);
    c[1] = b;
    c[3] = a;
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
}

static void philox(uint32_t word[4], uint64_t unit, uint32_t block, uint32_t domain) {
  lanes c[4] = {spread(unit), spread(unit >> 32), spread(block), spread(domain)};
  philox_rounds(c);
  for (int i = 0; i < 4; i++) word[i] = (uint32_t)c[i][0];
}

static inline uint32_t row_value(const uint64_t *table, uint32_t row, uint32_t t) {
  const int32_t c0 = (int32_t)table[2 * row], c1 = (int32_t)(table[2 * row] >> 32), c2 = (int32_t)table[2 * row + 1];
  const int32_t slope = c1 + (int32_t)(((int64_t)(int32_t)t * c2) >> 32);
  return (uint32_t)c0 + (uint32_t)(((int64_t)(int32_t)t * slope) >> 32);
}

/** The quantile of any word, with its refinement. */
static uint32_t refined_value(const uint64_t *table, uint32_t word, uint32_t refinement) {
  const uint64_t v = (((uint64_t)(word & 0x7fffffff) << 32 | refinement) << 1) | 1;
  const uint32_t low = word << 1 | 1;
  const uint32_t octave = low >= 0x1000 ? (uint32_t)__builtin_clz(low) : (uint32_t)__builtin_clzll(v);
  const uint32_t m = low >= 0x1000 ? low << octave : (uint32_t)((v << octave) >> 32);
  return row_value(table, ((word >> 31) * 64 + octave) * 32 + (m >> 26 & 31), (m << 6) >> 1);
}

static inline uint32_t payment(uint32_t claim) {
  const uint32_t above = claim - (claim < in.deductible ? claim : in.deductible);
  return above < in.policy_limit ? above : in.policy_limit;
}

static inline uint32_t capped(uint32_t sum) {
  return sum < in.sum_cap ? sum : in.sum_cap;
}

/**
 * The claims of LANES words, refinements left out. The exponent of the word as a double is its octave, the first five
 * bits of the fraction are the sub-segment, the next 26 are t.
 */
static inline words claims_of(words word) {
  const lanes bits = (lanes)__builtin_convertvector(word << 1 | 1, reals);
  const lanes side = __builtin_convertvector(word >> 31, lanes);
  const lanes row = (side << 11) + ((spread(1023 + 31) - (bits >> 52)) << 5) + (bits >> 47 & 31);
  const lanes t = (bits >> 21 & 0x3ffffff) << 5;
  lanes c01, c2;
  for (int lane = 0; lane < LANES; lane++) {
    c01[lane] = in.severity[2 * row[lane]];
    c2[lane] = in.severity[2 * row[lane] + 1];
  }
  const lanes slope = (c01 >> 32) + (times_signed(t, c2) >> 32);
  return __builtin_convertvector(c01 + (times_signed(t, slope) >> 32), words);
}

/** The payments of `n` words; whole vectors are written. */
static void payments_of(uint32_t *restrict to, const uint32_t *restrict word, uint32_t n) {
  for (uint32_t i = 0; i < n; i += LANES) *(words *)(to + i) = claims_of(*(const words *)(word + i));
  for (uint32_t i = 0; i < n; i++) to[i] = payment(to[i]);
}

static inline int needs_refinement(uint32_t word) {
  return (word & 0x7fffffff) < 0x800;
}

/** Claim i of a unit whose word needs a refinement. */
static uint32_t refined_payment(uint64_t unit, uint32_t i, uint32_t word) {
  uint32_t refinements[4];
  philox(refinements, unit, i >> 2, REFINE);
  return payment(refined_value(in.severity, word, refinements[i & 3]));
}

static uint32_t count_of(uint32_t word) {
  const uint32_t *thresholds = in.count + 256 - in.count[0];
  uint32_t n = in.count[word >> 24];
  while (thresholds[n] < word) n++;
  return n;
}

static void draw_block_0(uint64_t first) {
  lanes ascending;
  for (int lane = 0; lane < LANES; lane++) ascending[lane] = (uint64_t)lane;
  for (uint32_t i = 0; i < BATCH; i += LANES) {
    const lanes unit = first + i + ascending;
    lanes c[4] = {unit, unit >> 32, spread(0), spread(CLAIM)};
    philox_rounds(c);
    for (int w = 0; w < 4; w++) *(words *)(drawn[w] + i) = __builtin_convertvector(c[w], words);
  }
}

/** Claims 0 and 1 of all years, whether they have them or not. */
static void add_first_claims(uint64_t first, uint32_t years) {
  static uint32_t payments[2][BATCH] ALIGNED;
  payments_of(payments[0], drawn[2], BATCH);
  payments_of(payments[1], drawn[3], BATCH);
  uint32_t rare = 0;
  for (uint32_t i = 0; i < BATCH; i++) rare |= needs_refinement(drawn[2][i]) | needs_refinement(drawn[3][i]);
  for (uint32_t i = 0; rare != 0 && i < years; i++) {
    for (uint32_t claim = 0; claim < 2; claim++) {
      const uint32_t word = drawn[2 + claim][i];
      if (needs_refinement(word)) payments[claim][i] = refined_payment(first + i, claim, word);
    }
  }
  for (uint32_t i = 0; i < BATCH; i++) {
    const uint32_t one = capped(counts[i] > 0 ? payments[0][i] : 0);
    sums[i] = capped(one + (counts[i] > 1 ? payments[1][i] : 0));
  }
}

/** The claims of one further block, in a dense list; returns how many years wait for the next. */
static uint32_t add_block(uint64_t first, uint32_t block, uint32_t owing) {
  const uint32_t before = 4 * block - 2;
  uint32_t claims = 0, still = 0;
  for (uint32_t at = 0; at < owing; at += LANES) {
    lanes year;
    for (int lane = 0; lane < LANES; lane++) year[lane] = waiting[at + (uint32_t)lane];
    const lanes unit = first + year;
    lanes c[4] = {unit, unit >> 32, spread(block), spread(CLAIM)};
    philox_rounds(c);
    for (uint32_t lane = 0; lane < LANES && at + lane < owing; lane++) {
      const uint32_t i = waiting[at + lane], left = counts[i] - before;
      for (uint32_t w = 0; w < 4; w++) {
        claim_words[claims + w] = (uint32_t)c[w][lane];
        owners[claims + w] = i | w << 16;
      }
      claims += left < 4 ? left : 4;
      waiting[still] = i;
      still += left > 4;
    }
  }
  payments_of(paid, claim_words, claims);
  for (uint32_t at = 0; at < claims; at++) {
    const uint32_t i = owners[at] & 0xffff;
    if (__builtin_expect(needs_refinement(claim_words[at]), 0)) {
      paid[at] = refined_payment(first + i, before + (owners[at] >> 16), claim_words[at]);
    }
    sums[i] = capped(sums[i] + paid[at]);
  }
  return still;
}

static void add_catastrophe(uint64_t unit, uint32_t i) {
  uint32_t word[4];
  philox(word, unit, 0, CATASTROPHE);
  if (drawn[1][i] == in.cat_high && word[0] > in.cat_low) return;
  const uint32_t claim = refined_value(in.catastrophe, word[1], word[2]);
  sums[i] = capped(sums[i] + (claim < in.cat_limit ? claim : in.cat_limit));
}

static void close_years(uint32_t years) {
  static uint32_t bins[BATCH] ALIGNED;
  uint64_t sum = 0, squares_low = 0, squares_high = 0;
  uint32_t at_limit = 0, least = out.least, greatest = out.greatest;
  for (uint32_t i = 0; i < years; i++) {
    const uint32_t above = sums[i] - (sums[i] < in.aggregate_deductible ? sums[i] : in.aggregate_deductible);
    const uint32_t loss = above < in.aggregate_limit ? above : in.aggregate_limit;
    const uint64_t square = (uint64_t)loss * loss;
    sum += loss;
    squares_low += square & 0xffffffff;
    squares_high += square >> 32;
    at_limit += loss == in.aggregate_limit;
    least = loss < least ? loss : least;
    greatest = loss > greatest ? loss : greatest;
    // A double has the exponent and the first seven bits of the fraction side by side.
    const double real = loss;
    uint64_t bits;
    memcpy(&bits, &real, 8);
    bins[i] = loss < 128 ? loss : (uint32_t)(bits >> 45) - ((1023 + 6) << 7);
  }
  for (uint32_t i = 0; i < years; i++) out.histogram[bins[i]]++;
  out.sum += sum;
  out.squares += squares_low + ((unsigned __int128)squares_high << 32);
  out.at_limit += at_limit;
  out.least = least;
  out.greatest = greatest;
}

static void run_batch(uint64_t first, uint32_t years) {
  uint32_t owing = 0, candidates = 0;
  static uint32_t candidate[BATCH + 1];
  draw_block_0(first);
  for (uint32_t i = 0; i < years; i++) {
    const uint32_t n = count_of(drawn[0][i]);
    counts[i] = n;
    out.claims += n;
    waiting[owing] = i;
    owing += n > 2;
    candidate[candidates] = i;
    candidates += in.cat_possible & (drawn[1][i] <= in.cat_high);
  }
  add_first_claims(first, years);
  for (uint32_t block = 1; owing > 0; block++) owing = add_block(first, block, owing);
  for (uint32_t c = 0; c < candidates; c++) add_catastrophe(first + candidate[c], candidate[c]);
  close_years(years);
}

int main(int arguments, char **argument) {
  FILE *file = arguments == 2 ? fopen(argument[1], "rb") : NULL;
  if (file == NULL || fread(&in, sizeof in, 1, file) != 1) return 1;
  fclose(file);
  uint64_t first;
  uint32_t years;
  while (next_question(&first, &years)) {
    memset(&out, 0, sizeof out);
    out.least = UINT32_MAX;
    start_clocks();
    for (uint32_t done = 0; done < years; done += BATCH) {
      run_batch(first + done, years - done < BATCH ? years - done : BATCH);
    }
    write_clocks();
    printf(",\"sum\":\"%" PRIu64 "\"", out.sum);
    printf(",\"sumSquares\":\"0x%" PRIx64 "%016" PRIx64 "\"", (uint64_t)(out.squares >> 64), (uint64_t)out.squares);
    printf(",\"claims\":\"%" PRIu64 "\",\"yearsAtAggregateLimit\":%" PRIu32, out.claims, out.at_limit);
    printf(",\"least\":%" PRIu32 ",\"greatest\":%" PRIu32, out.least, out.greatest);
    write_histogram(out.histogram);
  }
  return 0;
}
