// Of a profile's tabs one works at a time: they have one identity, one key, and one share of the machine. The others wait,
// and the next takes over when it stops, closes or crashes: the browser lets go of a lock with its tab.

const LOCK = 'forge-pool.agent'

export interface OneTab {
  /** Asks for the place. `has` is called once it is this tab's, `waits` where another tab has it. */
  enter(): void
  /** Takes it from whoever has it. */
  takeOver(): void
  leave(): void
}

export interface OneTabListener {
  has(): void
  waits(): void
  /** Another tab took it over. */
  lost(): void
}

export function oneTab({ has, waits, lost }: OneTabListener): OneTab {
  /** On an insecure address there are no locks: every tab works. */
  const locks: LockManager | undefined = navigator.locks
  let leaving: (() => void) | undefined
  let waiting: AbortController | undefined

  const hold = (): Promise<void> => {
    waiting = undefined
    has()
    return new Promise((resolve) => (leaving = resolve))
  }
  const taken = (error: unknown): void => {
    if (!(error instanceof DOMException && error.name === 'AbortError') || leaving === undefined) return
    leaving = undefined
    lost()
  }
  const wait = (): void => {
    waiting = new AbortController()
    waits()
    locks?.request(LOCK, { signal: waiting.signal }, hold).catch(taken)
  }
  return {
    enter() {
      if (locks === undefined) return has()
      locks
        .request(LOCK, { ifAvailable: true }, (lock) => {
          if (lock !== null) return hold()
          wait()
          return undefined
        })
        .catch(taken)
    },
    takeOver() {
      waiting?.abort()
      locks?.request(LOCK, { steal: true }, hold).catch(taken)
    },
    leave() {
      waiting?.abort()
      waiting = undefined
      const done = leaving
      leaving = undefined
      done?.()
    },
  }
}
