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
  /** A node token. It stands behind the # of the address, which no browser sends anywhere. */
  readonly token: string | undefined
  readonly autostart: boolean
  /** What of the address was not understood; shown, and ignored. */
  readonly mistakes: readonly string[]
}

export function readOptions(search: string, workers: number, fragment = ''): PageOptions {
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
  const given = new URLSearchParams(fragment.replace(/^#/, '')).get('token') ?? undefined
  const token = given !== undefined && /^ntk_[\da-f]{56}$/.test(given) ? given : undefined
  if (given !== token) mistakes.push(MISTAKES.token)
  if (asked.has('pool') && given === undefined) mistakes.push(MISTAKES.pool)
  return {
    engine: known ? engine : undefined,
    threads: counts ? threads : undefined,
    preset,
    name: asked.get('name')?.trim() || undefined,
    pool: asked.get('pool')?.slice(0, SETTING_LIMITS.nameCharactersMax) || undefined,
    token,
    autostart: asked.get('autostart') === '1',
    mistakes,
  }
}
