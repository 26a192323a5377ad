# The same model in NumPy's float64, as anyone would write it who knows NumPy well: whole arrays, in chunks that stay in
# the cache, with buffers that are used again, and the fastest of its generators.
import json
import sys
import time

import numpy as np

CHUNK = 16_384
BINS = 3328
# 26 octaves from 2^-6 to 2^20, of 128 bins each.
FIRST_BIN = (1023 - 6) << 7

(
    rate,
    mu,
    sigma,
    cat_prob,
    cat_mu,
    cat_sigma,
    policy_limit,
    cat_limit,
    deductible,
    aggregate_deductible,
    aggregate_limit,
) = map(float, sys.argv[1:])


def payments(random, count, to):
    claim = to[:count]
    random.standard_normal(out=claim)
    claim *= sigma
    claim += mu
    np.exp(claim, out=claim)
    if deductible > 0:
        claim -= deductible
        np.maximum(claim, 0, out=claim)
    np.minimum(claim, policy_limit, out=claim)
    return claim


def losses_of(random, years, room):
    """The losses of so many years, and their claims in all."""
    counts = random.poisson(rate, years)
    ends = np.cumsum(counts)
    claims = int(ends[-1])
    # Running sums after each claim, with a zero before the first: a year's share is the difference of two of them.
    running = room[: claims + 1]
    running[0] = 0
    np.cumsum(payments(random, claims, room[len(room) // 2 :]), out=running[1:])
    after = running[ends]
    loss = after.copy()
    loss[1:] -= after[:-1]
    struck = np.flatnonzero(random.random(years) < cat_prob)
    loss[struck] += np.minimum(random.lognormal(cat_mu, cat_sigma, struck.size), cat_limit)
    if aggregate_deductible > 0:
        loss -= aggregate_deductible
    # Differences of running sums may end just below zero.
    np.clip(loss, 0, aggregate_limit, out=loss)
    return loss, claims


def simulate(seed, years):
    random = np.random.Generator(np.random.SFC64(seed))
    room = np.empty(4 * int(CHUNK * (rate + 1)))
    total = squares = 0.0
    claims = at_limit = 0
    least, greatest = np.inf, 0.0
    histogram = np.zeros(BINS, np.int64)
    for done in range(0, years, CHUNK):
        loss, drawn = losses_of(random, min(CHUNK, years - done), room)
        total += loss.sum()
        squares += loss @ loss
        claims += drawn
        at_limit += np.count_nonzero(loss == aggregate_limit)
        least = min(least, loss.min())
        greatest = max(greatest, loss.max())
        bins = (loss.view(np.int64) >> 45) - FIRST_BIN
        histogram += np.bincount(np.clip(bins, 0, BINS - 1, out=bins), minlength=BINS)
    return {
        "sum": repr(float(total)),
        "sumSquares": repr(float(squares)),
        "claims": str(claims),
        "yearsAtAggregateLimit": int(at_limit),
        "least": float(least),
        "greatest": float(greatest),
        "histogram": histogram.tolist(),
    }


for line in sys.stdin:
    first, years = map(int, line.split())
    start, cpu_start = time.perf_counter(), time.process_time()
    found = simulate(first, years)
    clocks = {"seconds": time.perf_counter() - start, "cpuSeconds": time.process_time() - cpu_start}
    print(json.dumps({**clocks, **found}), flush=True)
