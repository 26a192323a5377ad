// Whether the server has another build of this page than the one that runs. Every file's name has its content's hash in it,
// and index.html names the script: where it names another one, everything may be other.

const own = new URL(import.meta.url).pathname
const RELOADED_KEY = 'forge-pool.reloaded'
const RESUME_KEY = 'forge-pool.resume'

/** False where nobody answers, or the page does not come from a build. */
export async function isOutdated(): Promise<boolean> {
  if (!own.startsWith('/assets/')) return false
  try {
    const response = await fetch('/', { cache: 'no-store', headers: { Accept: 'text/html' } })
    return response.ok && !(await response.text()).includes(own)
  } catch {
    return false
  }
}

/**
 * Reloads, and says so to the page that comes, which then works on. Once from each build: a proxy that serves two of them
 * in turn must not make tabs reload for ever. False: it has been tried.
 */
export function reloadFor(works: boolean): boolean {
  if (sessionStorage.getItem(RELOADED_KEY) === own) return false
  sessionStorage.setItem(RELOADED_KEY, own)
  if (works) sessionStorage.setItem(RESUME_KEY, '1')
  location.reload()
  return true
}

/** True once, after such a reload. */
export function isResumed(): boolean {
  const resumed = sessionStorage.getItem(RESUME_KEY) === '1'
  sessionStorage.removeItem(RESUME_KEY)
  return resumed
}
