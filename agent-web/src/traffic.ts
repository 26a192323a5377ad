// Counts what the agent's worker sends and receives: every packet of its socket, and what it fetches beside that. Headers
// of single frames are left out; they are a percent or two.
import type { Socket } from 'socket.io-client'

export function countTraffic(socket: Socket): () => number {
  let bytes = 0
  const count = ({ data }: { readonly data?: unknown }): void => {
    bytes += sizeOf(data)
  }
  socket.io.on('open', () => {
    const { engine } = socket.io
    engine.on('packet', count)
    engine.on('packetCreate', count)
  })
  // What came from the browser's cache has a transfer size of 0.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry instanceof PerformanceResourceTiming) bytes += entry.transferSize
    }
    performance.clearResourceTimings()
  }).observe({ type: 'resource' })
  return () => bytes
}

function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength
  return 0
}
