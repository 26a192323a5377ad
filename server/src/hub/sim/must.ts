// An invariant in the simulated world: a sentence that is true of nothing but a fault of the Hub.

/** A sentence that is asked for millions of times in vain is only made when it is needed. */
export function must(holds: boolean, sentence: string | (() => string)): void {
  if (holds) return
  throw new Error(typeof sentence === 'string' ? sentence : sentence())
}
