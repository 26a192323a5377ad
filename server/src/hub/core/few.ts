// A set of hardly ever more than three. An empty Set takes 200 bytes and its share of the collector's time, and a job of
// 16,384 shards has a hundred thousand of them at its start.

export class Few<T> implements Iterable<T> {
  #items: readonly T[] = NONE

  get size(): number {
    return this.#items.length
  }

  has(item: T): boolean {
    return this.#items.includes(item)
  }

  add(item: T): void {
    if (!this.has(item)) this.#items = [...this.#items, item]
  }

  delete(item: T): void {
    if (this.has(item)) this.#items = this.#items.filter((other) => other !== item)
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]()
  }
}

const NONE: readonly never[] = []
