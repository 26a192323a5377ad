// Long work in slices: an engine that computes on its own thread lets the thread's messages in now and then, so that an
// abort is heard. A message to oneself, because timers wait at least four milliseconds in a browser.

const SLICE_MS = 20

export interface Turns {
  /** Resolves once messages that wait were handled, at most every 20 ms; throws the signal's reason once it aborted. */
  next(): Promise<void>
  close(): void
}

export function takeTurns(signal: AbortSignal | undefined): Turns {
  const channel = new MessageChannel()
  channel.port1.start()
  let since = performance.now()
  return {
    async next() {
      signal?.throwIfAborted()
      if (performance.now() - since < SLICE_MS) return
      await new Promise<void>((resolve) => {
        channel.port1.addEventListener('message', () => resolve(), { once: true })
        channel.port2.postMessage(null)
      })
      since = performance.now()
      signal?.throwIfAborted()
    },
    close() {
      channel.port1.close()
      channel.port2.close()
    },
  }
}
