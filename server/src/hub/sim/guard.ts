// A guard of the Hub's core: the text that it is, and what the source reads without it.

export interface Guard {
  readonly name: string
  /** In server/src/hub/core. */
  readonly file: string
  /** Stands in the file once. */
  readonly guard: string
  readonly without: string
  /** Only worlds in which something is decided beside the Hub's own core can show it. */
  readonly isOfDecisions?: true
}

export const guardIn = (file: string, name: string, text: string, without = ''): Guard => ({
  name,
  file,
  guard: text,
  without,
})
