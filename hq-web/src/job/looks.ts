// When a page looks again at what changes: soon after it heard of a change, one look at a time, and never so often that the
// looks are the work.

export interface Looks {
  /** In so many milliseconds at the latest, unless one is due before; after the look that is on its way. */
  readonly soon: (ms: number) => void
  readonly stop: () => void
}

/** `look` says itself what failed. */
export function looksOf(look: () => Promise<void>): Looks {
  let timer: ReturnType<typeof setTimeout> | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let isLooking = false
  let isOver = false
  const arm = (): void => {
    clearTimeout(timer)
    if (!isOver && !isLooking && dueAt < Number.POSITIVE_INFINITY) {
      timer = setTimeout(begin, Math.max(0, dueAt - performance.now()))
    }
  }
  const begin = (): void => {
    dueAt = Number.POSITIVE_INFINITY
    isLooking = true
    void look().finally(() => {
      isLooking = false
      arm()
    })
  }
  return {
    soon(ms) {
      dueAt = Math.min(dueAt, performance.now() + ms)
      arm()
    },
    stop() {
      isOver = true
      clearTimeout(timer)
    },
  }
}
