// A guard of the Hub's core: the text that it is, and what the source reads without it.

export interface Guard {
  readonly name: string
  /** In server/src/hub/core. */
  readonly file: string
  /** Stands in the file once. */
  readonly guard: string
  readonly without: string
}

export const guardIn = (file: string, name: string, text: string, without = ''): Guard => ({
  name,
  file,
  guard: text,
  without,
})
