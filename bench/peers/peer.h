// What the native contenders share: the question they read, a line of two numbers (first unit, years) on standard input,
// and the answer they write, one line of JSON with the seconds that the sample took. Start-up and parsing are not timed.
// Seconds are measured twice: on the wall's clock and on the process's own, which others' work does not slow.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BINS 3328

static double wall_start, cpu_start;

static double seconds_on(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void start_clocks(void) {
  wall_start = seconds_on(CLOCK_MONOTONIC);
  cpu_start = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
}

/** Begins the answer. */
static void write_clocks(void) {
  const double cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
  printf("{\"seconds\":%.9f,\"cpuSeconds\":%.9f", seconds_on(CLOCK_MONOTONIC) - wall_start, cpu);
}

static int next_question(uint64_t *first, uint32_t *years) {
  return scanf("%" SCNu64 " %" SCNu32, first, years) == 2;
}

static void write_histogram(const uint32_t *histogram) {
  printf(",\"histogram\":[");
  for (int bin = 0; bin < BINS; bin++) printf(bin == 0 ? "%" PRIu32 : ",%" PRIu32, histogram[bin]);
  printf("]}\n");
  fflush(stdout);
}
