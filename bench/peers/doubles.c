// The same model as anyone would write it in C: doubles and libm, a fast generator, one year after the other. The counts
// are found by inversion and the normals by Marsaglia's polar method, which is a quarter quicker than Box and Muller's.
#include <math.h>

#include "peer.h"

/** In the order of the arguments; money as the client states it, "inf" for no limit. */
static struct {
  double rate, mu, sigma, cat_prob, cat_mu, cat_sigma;
  double policy_limit, cat_limit, deductible, aggregate_deductible, aggregate_limit;
} model;

static struct {
  double sum, squares, least, greatest;
  uint64_t claims;
  uint32_t at_limit, histogram[BINS];
} out;

/** 26 octaves from 2^-6 to 2^20, of 128 bins each. */
static const int64_t FIRST_BIN = (int64_t)(1023 - 6) << 7;

static uint64_t state[4];

/** xoshiro256++ by Blackman and Vigna. */
static inline uint64_t next(void) {
  const uint64_t mixed = state[0] + state[3], shifted = state[1] << 17;
  const uint64_t result = (mixed << 23 | mixed >> 41) + state[0];
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = state[3] << 45 | state[3] >> 19;
  return result;
}

static void seed(uint64_t from) {
  for (int i = 0; i < 4; i++) {
    uint64_t z = (from += 0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    state[i] = z ^ z >> 31;
  }
}

static inline double uniform(void) {
  return (double)(next() >> 11) * 0x1p-53;
}

static double spare;
static int has_spare;

static inline double normal(void) {
  if (has_spare) {
    has_spare = 0;
    return spare;
  }
  double a, b, square;
  do {
    a = 2 * uniform() - 1;
    b = 2 * uniform() - 1;
    square = a * a + b * b;
  } while (square >= 1 || square == 0);
  const double factor = sqrt(-2 * log(square) / square);
  spare = b * factor;
  has_spare = 1;
  return a * factor;
}

static inline uint32_t count(double none) {
  const double u = uniform();
  double probability = none, below = none;
  uint32_t n = 0;
  // Past 60 the sum stands still, perhaps below u.
  while (u > below && n < 60) {
    probability *= model.rate / ++n;
    below += probability;
  }
  return n;
}

static inline double least_of(double a, double b) {
  return a < b ? a : b;
}

static inline double excess(double value, double deductible) {
  return value > deductible ? value - deductible : 0;
}

static inline int bin_of(double loss) {
  int64_t bits;
  memcpy(&bits, &loss, 8);
  const int64_t bin = (bits >> 45) - FIRST_BIN;
  return (int)(bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin);
}

static void run(uint32_t years) {
  const double none = exp(-model.rate);
  double sum = 0, squares = 0, least = INFINITY, greatest = 0;
  for (uint32_t year = 0; year < years; year++) {
    const uint32_t claims = count(none);
    double paid = 0;
    for (uint32_t i = 0; i < claims; i++) {
      paid += least_of(excess(exp(model.mu + model.sigma * normal()), model.deductible), model.policy_limit);
    }
    if (uniform() < model.cat_prob) paid += least_of(exp(model.cat_mu + model.cat_sigma * normal()), model.cat_limit);
    const double loss = least_of(excess(paid, model.aggregate_deductible), model.aggregate_limit);
    sum += loss;
    squares += loss * loss;
    out.claims += claims;
    out.at_limit += loss == model.aggregate_limit;
    least = loss < least ? loss : least;
    greatest = loss > greatest ? loss : greatest;
    out.histogram[bin_of(loss)]++;
  }
  out.sum = sum;
  out.squares = squares;
  out.least = least;
  out.greatest = greatest;
}

int main(int arguments, char **argument) {
  double *parameter = (double *)&model;
  if (arguments != 1 + (int)(sizeof model / sizeof *parameter)) return 1;
  for (int i = 1; i < arguments; i++) parameter[i - 1] = strtod(argument[i], NULL);
  uint64_t first;
  uint32_t years;
  while (next_question(&first, &years)) {
    memset(&out, 0, sizeof out);
    seed(first);
    has_spare = 0;
    start_clocks();
    run(years);
    write_clocks();
    printf(",\"sum\":\"%.17g\",\"sumSquares\":\"%.17g\"", out.sum, out.squares);
    printf(",\"claims\":\"%" PRIu64 "\",\"yearsAtAggregateLimit\":%" PRIu32, out.claims, out.at_limit);
    printf(",\"least\":%.17g,\"greatest\":%.17g", out.least, out.greatest);
    write_histogram(out.histogram);
  }
  return 0;
}
