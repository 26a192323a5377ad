// The second pass added up: the losses in the selected bins, each with its years, and the sums between the bins. A large
// job lists millions of losses, so they are kept in typed arrays: one entry for each loss of each shard, and apart from
// them the years beyond the first that a loss had in its shard.
import { LossSums } from './loss-sums.ts'
import type { Profile } from './profile.ts'
import type { Loss, TailPartial } from './tail.ts'

interface Bin {
  readonly bin: number
  losses: Uint32Array | BigUint64Array
  length: number
  /** Years that have a loss, less the entries in `losses`. */
  readonly more: Map<Loss, number>
  sorted: boolean
  sum: bigint
  squares: bigint
}

export class TailTotal {
  readonly #bins: readonly Bin[]
  readonly #segments: { sum: bigint; squares: bigint }[]

  constructor({ lossBytes }: Profile, selected: readonly number[]) {
    this.#bins = selected.map((bin) => ({
      bin,
      losses: lossBytes === 4 ? new Uint32Array(64) : new BigUint64Array(64),
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
      for (const end = at + shard.losses; at < end; at++) append(total, losses[at] ?? 0, counts[at] ?? 0)
    })
  }

  /** Whether the losses of a bin were listed. */
  has(bin: number): boolean {
    return this.#bins.some((listed) => listed.bin === bin)
  }

  /** The loss of the rank-th year, from 1, among those in a selected bin. */
  lossOfRank(bin: number, rank: bigint): bigint {
    const wanted = Number(rank)
    const found = this.#bin(bin)
    const { losses } = sorted(found)
    let before = 0
    for (let i = 0; i < losses.length; i++) {
      const loss = losses[i] ?? 0
      before += 1 + (loss === losses[i + 1] ? 0 : (found.more.get(loss) ?? 0))
      if (before >= wanted) return BigInt(loss)
    }
    throw new RangeError(`bin ${bin} holds ${before} years, none of rank ${rank}`)
  }

  /** The years of a selected bin up to a value in it, and the sums over all years beyond the value. */
  beyond(bin: number, value: bigint): { readonly upTo: bigint; readonly sum: bigint; readonly squares: bigint } {
    const own = this.#bin(bin)
    const index = this.#bins.indexOf(own)
    const { losses } = sorted(own)
    const sums = new LossSums()
    let at = 0
    for (; at < losses.length && (losses[at] ?? 0) <= value; at++) {
      const loss = losses[at] ?? 0
      sums.add(loss, 1 + (loss === losses[at + 1] ? 0 : (own.more.get(loss) ?? 0)))
    }
    const below = sums.total()
    let [sum, squares] = [own.sum - below.sum, own.squares - below.squares]
    for (const part of [...this.#bins.slice(index + 1), ...this.#segments.slice(index + 1)]) {
      sum += part.sum
      squares += part.squares
    }
    return { upTo: below.years, sum, squares }
  }

  #bin(bin: number): Bin {
    const found = this.#bins.find((listed) => listed.bin === bin)
    if (found === undefined) throw new RangeError(`bin ${bin} was not listed`)
    return found
  }
}

function append(bin: Bin, loss: Loss, years: number): void {
  if (bin.length === bin.losses.length) bin.losses = grown(bin.losses)
  bin.losses[bin.length++] = loss
  bin.sorted = false
  if (years > 1) bin.more.set(loss, (bin.more.get(loss) ?? 0) + years - 1)
}

/** By half: a large list must not be kept twice over. */
function grown(losses: Uint32Array | BigUint64Array): Uint32Array | BigUint64Array {
  const length = Math.max(64, Math.ceil(1.5 * losses.length))
  if (losses instanceof Uint32Array) {
    const larger = new Uint32Array(length)
    larger.set(losses)
    return larger
  }
  const larger = new BigUint64Array(length)
  larger.set(losses)
  return larger
}

/** The same bin with its entries ascending, and no room behind them. */
function sorted(bin: Bin): Bin {
  if (bin.sorted) return bin
  bin.losses = bin.losses.subarray(0, bin.length)
  // In place: a copy of millions of entries would be as long again.
  // oxlint-disable-next-line unicorn/no-array-sort
  bin.losses.sort()
  bin.sorted = true
  return bin
}
