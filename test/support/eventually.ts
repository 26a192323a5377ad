// Waiting for a condition: the only way in which these stories wait. Whoever waits in vain is told for what, and what was
// seen instead.
import { vi } from 'vitest'

/** Between two looks, unless each costs somebody something. */
const LOOK_MS = 10

export function eventually<Seen>(
  what: string,
  look: () => Seen | Promise<Seen>,
  holds: (seen: Seen) => boolean,
  timeoutMs = 60_000,
  everyMs = LOOK_MS,
): Promise<Seen> {
  const once = async (): Promise<Seen> => {
    const seen = await look()
    if (!holds(seen)) throw new Error(`${what}: not within ${timeoutMs} ms; last seen ${JSON.stringify(seen)}`)
    return seen
  }
  return vi.waitFor(once, { timeout: timeoutMs, interval: everyMs })
}
