// The second pass added up: the losses in the selected bins, each with its years, and the sums between the bins. A large
// job lists millions of losses, so they are kept in typed arrays: one entry for each loss of each shard, and apart from
// them the years beyond the first that a loss had in its shard.
import type { TailPartial } from './tail.ts'

interface Bin {
  readonly bin: number
  losses: BigUint64Array
  length: number
  /** Years that have a loss, less the entries in `losses`. */
  readonly more: Map<bigint, bigint>
  sorted: boolean
  sum: bigint
  squares: bigint
}

export class TailTotal {
  readonly #bins: readonly Bin[]
  readonly #segments: { sum: bigint; squares: bigint }[]

  constructor(selected: readonly number[]) {
    this.#bins = selected.map((bin) => ({
      bin,
      losses: new BigUint64Array(64),
      length: 0,
      more: new Map(),
      sorted: true,
      sum: 0n,
      squares: 0n,
    }))
    this.#segments = Array.from({ length: selected.length + 1 }, () => ({ sum: 0n, squares: 0n }))
  }

  add({ segments, bins, losses, counts }: TailPartial): void {
    this.#segments.forEach((total, i) => {
      total.sum += segments[i]?.sum ?? 0n
      total.squares += segments[i]?.squares ?? 0n
    })
    let at = 0
    this.#bins.forEach((total, i) => {
      const shard = bins[i]
      if (shard === undefined) throw new Error('a shard has as many bins as the pass')
      total.sum += shard.sum
      total.squares += shard.squares
      for (const end = at + shard.losses; at < end; at++) append(total, losses[at] ?? 0n, counts[at] ?? 0)
    })
  }

  /** The loss of the rank-th year, from 1, among those in a selected bin. */
  lossOfRank(bin: number, rank: bigint): bigint {
    let before = 0n
    for (const [loss, years] of entries(this.#bin(bin))) {
      before += years
      if (before >= rank) return loss
    }
    throw new RangeError(`bin ${bin} holds ${before} years, none of rank ${rank}`)
  }

  /** The years of a selected bin up to a value in it, and the sums over all years beyond the value. */
  beyond(bin: number, value: bigint): { readonly upTo: bigint; readonly sum: bigint; readonly squares: bigint } {
    const own = this.#bin(bin)
    const index = this.#bins.indexOf(own)
    let [upTo, sum, squares] = [0n, 0n, 0n]
    for (const [loss, years] of entries(own)) {
      if (loss <= value) {
        upTo += years
      } else {
        sum += years * loss
        squares += years * loss * loss
      }
    }
    for (const part of [...this.#bins.slice(index + 1), ...this.#segments.slice(index + 1)]) {
      sum += part.sum
      squares += part.squares
    }
    return { upTo, sum, squares }
  }

  #bin(bin: number): Bin {
    const found = this.#bins.find((listed) => listed.bin === bin)
    if (found === undefined) throw new RangeError(`bin ${bin} was not listed`)
    return found
  }
}

function append(bin: Bin, loss: bigint, years: number): void {
  if (bin.length === bin.losses.length) {
    const larger = new BigUint64Array(Math.max(64, 2 * bin.length))
    larger.set(bin.losses)
    bin.losses = larger
  }
  bin.losses[bin.length++] = loss
  bin.sorted = false
  if (years > 1) bin.more.set(loss, (bin.more.get(loss) ?? 0n) + BigInt(years - 1))
}

/** The distinct losses, ascending, with their years. */
function* entries(bin: Bin): Generator<readonly [loss: bigint, years: bigint]> {
  if (!bin.sorted) bin.losses = bin.losses.subarray(0, bin.length).toSorted()
  bin.sorted = true
  const losses = bin.losses.subarray(0, bin.length)
  for (let i = 0; i < losses.length;) {
    const loss = losses[i] ?? 0n
    let end = i + 1
    while (end < losses.length && losses[end] === loss) end++
    yield [loss, BigInt(end - i) + (bin.more.get(loss) ?? 0n)]
    i = end
  }
}
