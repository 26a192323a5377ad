// Waiting for a condition: the only way in which these stories wait. Whoever waits in vain is told for what, and what was
// seen instead.
import { vi } from 'vitest'

/** Between two looks, unless each costs somebody something. */
const LOOK_MS = 10
/** Between two looks at a page or over HTTP, each of which takes its processes some milliseconds of work. */
const COSTLY_LOOK_MS = 50
/** A story that waits longer waits for what will not come. */
const PATIENCE_MS = 60_000

export function eventually<Seen>(
  what: string,
  look: () => Seen | Promise<Seen>,
  holds: (seen: Seen) => boolean,
  timeoutMs = PATIENCE_MS,
  everyMs = LOOK_MS,
): Promise<Seen> {
  const once = async (): Promise<Seen> => {
    const seen = await look()
    if (!holds(seen)) throw new Error(`${what}: not within ${timeoutMs} ms; last seen ${JSON.stringify(seen)}`)
    return seen
  }
  return vi.waitFor(once, { timeout: timeoutMs, interval: everyMs })
}

/** The same for a look at a page or over HTTP. */
export const eventuallySeen = <Seen>(
  what: string,
  look: () => Seen | Promise<Seen>,
  holds: (seen: Seen) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<Seen> => eventually(what, look, holds, timeoutMs, COSTLY_LOOK_MS)
