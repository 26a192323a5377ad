// Sums of losses and of their squares, exactly. Losses below 2^32 are added up in doubles as long as those are exact,
// because a BigInt a year took most of a large job's reduction.

/** So many years of losses below 2^32: sums below 2^53, and the products of their halves too. */
const YEARS_MAX = 2 ** 20

export class LossSums {
  #years = 0n
  #sum = 0n
  #squares = 0n
  #pending = 0
  /** Of the pending years: the sum of losses, and of the products of their high and low 16 bits. */
  #losses = 0
  #high = 0
  #cross = 0
  #low = 0

  add(loss: number | bigint, years: number): void {
    if (typeof loss === 'bigint' || years > YEARS_MAX) return this.#addExactly(BigInt(loss), BigInt(years))
    if (this.#pending + years > YEARS_MAX) this.#flush()
    const high = Math.floor(loss / 0x10000)
    const low = loss % 0x10000
    this.#pending += years
    this.#losses += years * loss
    this.#high += years * high * high
    this.#cross += years * high * low
    this.#low += years * low * low
  }

  /** Of all that was added. */
  total(): { readonly years: bigint; readonly sum: bigint; readonly squares: bigint } {
    this.#flush()
    return { years: this.#years, sum: this.#sum, squares: this.#squares }
  }

  #addExactly(loss: bigint, years: bigint): void {
    this.#years += years
    this.#sum += years * loss
    this.#squares += years * loss * loss
  }

  #flush(): void {
    this.#years += BigInt(this.#pending)
    this.#sum += BigInt(this.#losses)
    this.#squares += (BigInt(this.#high) << 32n) + (BigInt(this.#cross) << 17n) + BigInt(this.#low)
    this.#pending = this.#losses = this.#high = this.#cross = this.#low = 0
  }
}
