// An invariant in the simulated world: a sentence that is true of nothing but a fault of the Hub.

export function must(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence)
}
