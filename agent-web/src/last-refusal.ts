// Why the pool sent this agent away. It says so once; to one that comes back too early it says no more than that it must wait.
// Kept in the session of the tab, so that a reload does not lose it either.

export interface KnownRefusal {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly why: string
}

export interface LastRefusal {
  /** The agent was refused, in that sentence. */
  heard(why: string, atMs: number): void
  /** It was let in again, or is another agent. */
  forget(): void
  /** What was said first, where it says more than this sentence. */
  before(why: string): KnownRefusal | undefined
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

const KEY = 'forge-pool.refusal'

/** `store` may throw: what cannot be kept is not. */
export function lastRefusal(store: Store): LastRefusal {
  let known = attempt(() => knownOf(store.getItem(KEY)))
  return {
    heard(why, atMs) {
      if (known !== undefined) return
      known = { atMs, why }
      attempt(() => store.setItem(KEY, JSON.stringify(known)))
    },
    forget() {
      if (known === undefined) return
      known = undefined
      attempt(() => store.removeItem(KEY))
    },
    before: (why) => (known === undefined || sameBut(known.why) === sameBut(why) ? undefined : known),
  }
}

/** The hours that are left are no other reason. */
const sameBut = (why: string): string => why.replaceAll(/\d+ h\b/g, '')

function knownOf(text: string | null): KnownRefusal | undefined {
  const kept: unknown = JSON.parse(text ?? 'null')
  if (typeof kept !== 'object' || kept === null || !('why' in kept) || !('atMs' in kept)) return undefined
  const { why, atMs } = kept
  return typeof why === 'string' && typeof atMs === 'number' && Number.isFinite(atMs) ? { why, atMs } : undefined
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
