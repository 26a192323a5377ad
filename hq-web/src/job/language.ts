// uPlot asks for numbers in the browser's language while it loads, and a browser may call its language what is no language tag:
// `en-US@posix`, from a system's locale. Then nothing of it would load.

const FALLBACK = 'en-GB'

/** Gives the browser a language that numbers can be written in, where it has none. HQ writes its own in English in any case. */
export function mendLanguage(browser: { readonly language: string }): void {
  try {
    Intl.getCanonicalLocales(browser.language)
  } catch {
    Object.defineProperty(browser, 'language', { value: FALLBACK, configurable: true })
  }
}
