// Before a view is left that shows what cannot be shown again, one is asked. One such thing is shown at a time.

type Go = () => void

let ask: ((go: Go) => void) | null = null

/** `then` hears when somebody is about to leave, with what goes on; the returned function ends that. */
export function askBeforeLeaving(then: (go: Go) => void): () => void {
  ask = then
  return () => {
    if (ask === then) ask = null
  }
}

export const isHeld = (): boolean => ask !== null

/** Goes at once, or when the person says so. */
export function leaving(go: Go): void {
  if (ask === null) return go()
  ask(() => {
    ask = null
    go()
  })
}
