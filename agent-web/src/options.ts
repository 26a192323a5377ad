// What the page's address asks for. Anything that is no such wish is said in a sentence, not guessed.
import { PRESETS, SETTING_LIMITS, type Preset } from './settings.ts'
import { MISTAKES } from './text.ts'

export interface PageOptions {
  /** Undefined: WebGPU where it is real and passes, else WASM. */
  readonly engine: 'webgpu' | 'wasm' | undefined
  /** WASM workers; undefined: as set. */
  readonly threads: number | undefined
  /** Undefined: as set. */
  readonly preset: Preset | undefined
  readonly name: string | undefined
  /** How the pool that the token is of calls itself; shown, and nothing more. */
  readonly pool: string | undefined
  /** A node token. It stands behind the # of the address, which no browser sends anywhere; later the tab holds it. */
  readonly token: string | undefined
  /** Why this tab must not start: whoever was given a pool's link does not mean to work for everybody. */
  readonly barred: string | undefined
  readonly autostart: boolean
  /** What of the address was not understood; shown, and ignored. */
  readonly mistakes: readonly string[]
}

const TOKEN = /^ntk_[\da-f]{56}$/

/** `held`: the token that this tab came with before, for a reload has lost what was behind the #. */
export function readOptions(search: string, workers: number, fragment = '', held?: string): PageOptions {
  const asked = new URLSearchParams(search)
  const mistakes: string[] = []
  const engine = asked.get('engine') ?? undefined
  const known = engine === undefined || engine === 'webgpu' || engine === 'wasm'
  if (!known) mistakes.push(MISTAKES.engine)
  const threads = asked.has('threads') ? Number(asked.get('threads')) : undefined
  const { workersMax } = SETTING_LIMITS
  const counts = threads === undefined || (Number.isInteger(threads) && threads >= 1 && threads <= workersMax)
  if (!counts) mistakes.push(MISTAKES.threads(workersMax, workers))
  const preset = PRESETS.find((one) => one === asked.get('preset'))
  if (asked.has('preset') && preset === undefined) mistakes.push(MISTAKES.preset)
  const given = givenToken(fragment)
  const kept = held !== undefined && TOKEN.test(held) ? held : undefined
  const token = given === undefined ? kept : wellFormed(given)
  return {
    engine: known ? engine : undefined,
    threads: counts ? threads : undefined,
    preset,
    name: asked.get('name')?.trim() || undefined,
    pool: asked.get('pool')?.slice(0, SETTING_LIMITS.nameCharactersMax) || undefined,
    token,
    barred: whyBarred(asked, given, token),
    autostart: asked.get('autostart') === '1',
    mistakes,
  }
}

const wellFormed = (given: string): string | undefined => (TOKEN.test(given) ? given : undefined)

/** What stands for a token behind the #, also where the link was cut within the word itself. */
function givenToken(fragment: string): string | undefined {
  const behind = fragment.replace(/^#/, '')
  const isCut = behind !== '' && 'token'.startsWith(behind)
  return isCut ? '' : (new URLSearchParams(behind).get('token') ?? undefined)
}

function whyBarred(asked: URLSearchParams, given: string | undefined, token: string | undefined): string | undefined {
  if (given !== undefined) return token === undefined ? MISTAKES.token : undefined
  if (asked.has('token')) return MISTAKES.tokenInQuery
  return asked.has('pool') && token === undefined ? MISTAKES.pool : undefined
}

/**
 * What the address bar shows instead of a token, which would be in every screenshot and in the history. Where it was none,
 * the empty word stays, so that a reload is refused as well. Undefined: it can stay as it is.
 */
export function shownAddress(path: string, search: string, fragment: string): string | undefined {
  const given = givenToken(fragment)
  const asked = new URLSearchParams(search)
  if (given === undefined && !asked.get('token')) return undefined
  if (asked.has('token')) asked.set('token', '')
  const rest = asked.has('token') ? `?${asked}` : search
  return `${path}${rest}${given !== undefined && !TOKEN.test(given) ? '#token=' : ''}`
}
