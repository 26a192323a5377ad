// LEB128 in the fewest bytes, for the lists inside partials. Written strictly and read strictly: one number has one text.
import { PartialError } from '../kernel.ts'

/** Where texts are written before their length is known. One for all: a tab that made one a shard kept them for long. */
let scratch = new Uint8Array(2 ** 14)

/** One at a time: the next one writes over it. */
export class VarintWriter {
  #at: number

  /** `head` bytes are left at 0 for the caller to fill. */
  constructor(head: number) {
    this.#at = head
    while (head + 10 > scratch.length) grow()
    scratch.fill(0, 0, head)
  }

  /** A non-negative integer below 2^53. */
  number(value: number): void {
    this.#reserve()
    let rest = value
    while (rest >= 0x80) {
      scratch[this.#at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    scratch[this.#at++] = rest
  }

  /** A non-negative integer below 2^66. */
  big(value: bigint): void {
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return this.number(Number(value))
    this.#reserve()
    let rest = value
    while (rest >= 0x80n) {
      scratch[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    scratch[this.#at++] = Number(rest)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return scratch.slice(0, this.#at)
  }

  #reserve(): void {
    if (this.#at + 10 > scratch.length) grow()
  }
}

function grow(): void {
  const larger = new Uint8Array(2 * scratch.length)
  larger.set(scratch)
  scratch = larger
}

/** Throws a `PartialError` that says what of `what` no honest agent could have written. */
export class VarintReader {
  readonly #bytes: Uint8Array
  readonly #what: string
  #at = 0

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  number(max: number): number {
    let value = 0
    for (let place = 1; place <= 2 ** 49; place *= 0x80) {
      const byte = this.#next()
      value += (byte & 0x7f) * place
      if (byte < 0x80) {
        if (byte === 0 && place > 1) throw this.#fault('a number is longer than it needs to be')
        if (value > max) throw this.#fault(`a number exceeds ${max}`)
        return value
      }
    }
    throw this.#fault(`a number exceeds ${max}`)
  }

  big(max: bigint): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#next()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n) throw this.#fault('a number is longer than it needs to be')
        if (value > max) throw this.#fault(`a number exceeds ${max}`)
        return value
      }
    }
    throw this.#fault(`a number exceeds ${max}`)
  }

  #next(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw this.#fault('it ends inside a number')
    return byte
  }

  #fault(sentence: string): PartialError {
    return new PartialError(`${this.#what}: ${sentence}`)
  }
}
