// What the page's address asks for. Anything that is no such wish is said in a sentence, not guessed.

export interface AgentOptions {
  /** Undefined: WebGPU where it is real and passes, else WASM. */
  readonly engine: 'webgpu' | 'wasm' | undefined
  /** WASM workers. */
  readonly threads: number
  readonly name: string | undefined
  /** A node token. It stands behind the # of the address, which no browser sends anywhere. */
  readonly token: string | undefined
}

export interface PageOptions extends AgentOptions {
  readonly autostart: boolean
  /** What of the address was not understood; shown, and ignored. */
  readonly mistakes: readonly string[]
}

const THREADS_MAX = 64

export function readOptions(search: string, cores: number, fragment = ''): PageOptions {
  const asked = new URLSearchParams(search)
  const mistakes: string[] = []
  const engine = asked.get('engine') ?? undefined
  const known = engine === undefined || engine === 'webgpu' || engine === 'wasm'
  if (!known) mistakes.push('“engine” in the address is webgpu or wasm; the page chooses.')
  const half = Math.max(1, Math.floor(cores / 2))
  const threads = asked.has('threads') ? Number(asked.get('threads')) : half
  const counts = Number.isInteger(threads) && threads >= 1 && threads <= THREADS_MAX
  if (!counts)
    mistakes.push(`“threads” in the address is a whole number from 1 to ${THREADS_MAX}; this page uses ${half}.`)
  const name = asked.get('name')?.trim()
  const token = new URLSearchParams(fragment.replace(/^#/, '')).get('token') ?? undefined
  const isToken = token === undefined || /^ntk_[\da-f]{56}$/.test(token)
  if (!isToken) mistakes.push('“token” behind the # of the address is no node token; this tab works for everybody.')
  if (asked.has('pool') && token === undefined)
    mistakes.push('“pool” in the address needs the pool’s token behind a #; without it this tab works for everybody.')
  return {
    engine: known ? engine : undefined,
    threads: counts ? threads : half,
    name: name === '' ? undefined : name,
    token: isToken ? token : undefined,
    autostart: asked.get('autostart') === '1',
    mistakes,
  }
}
