// Long work in slices: an engine that computes on its own thread lets the thread's messages in now and then, so that an
// abort is heard, and rests where it may not work all the time. A message to oneself, because timers wait at least four milliseconds in a browser.

import type { DutyCycle } from './duty-cycle.ts'

const SLICE_MS = 20

export interface Turns {
  /** Resolves once messages that wait were handled, at most every 20 ms; throws the signal's reason once it aborted. */
  next(): Promise<void>
  close(): void
}

/** What lies between two calls of `next` is work, as `duty` counts it. */
export function takeTurns(signal: AbortSignal | undefined, duty?: DutyCycle): Turns {
  // Made when it is needed: most runs are a shard of a few milliseconds, and a tab that made one for each kept them all
  // until somebody collected them.
  let channel: InstanceType<typeof MessageChannel> | undefined
  let since = performance.now()
  let workedSince = since
  const worked = (): void => {
    const nowMs = performance.now()
    duty?.worked(nowMs - workedSince, nowMs)
    workedSince = nowMs
  }
  return {
    async next() {
      signal?.throwIfAborted()
      worked()
      if (duty !== undefined && duty.restMs(performance.now()) > 0) {
        await duty.rest(signal)
        since = workedSince = performance.now()
        return signal?.throwIfAborted()
      }
      if (performance.now() - since < SLICE_MS) return
      const { port1, port2 } = (channel ??= new MessageChannel())
      await new Promise<void>((resolve) => {
        port1.addEventListener('message', () => resolve(), { once: true })
        port1.start()
        port2.postMessage(null)
      })
      since = workedSince = performance.now()
      signal?.throwIfAborted()
    },
    close() {
      worked()
      channel?.port1.close()
      channel?.port2.close()
    },
  }
}
