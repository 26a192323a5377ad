// A way to a database or a server that can be cut under a statement, as by a router that forgets its connections: the
// client's end is reset, which it hears as an error, and only then as a close. Or it goes silent, as a link that is gone.
import { once } from 'node:events'
import net from 'node:net'

export interface ResettingProxy {
  /** The same address by this way. */
  readonly url: string
  /** Resets every connection there is. */
  reset(): void
  /** From now on no connection comes about; those that there are hear nothing more, or are reset too. */
  cut(how: 'reset' | 'silent'): void
  /** Connections come about again. Those that went silent have been forgotten meanwhile. */
  mend(): void
  close(): void
}

export async function resettingProxy(target: string): Promise<ResettingProxy> {
  const behindIt = new URL(target)
  const clients = new Map<net.Socket, net.Socket>()
  let isCut = false
  const server = net.createServer((client) => {
    client.on('error', () => undefined)
    if (isCut) return void client.resetAndDestroy()
    const behind = net.connect(Number(behindIt.port), behindIt.hostname)
    behind.on('error', () => undefined)
    client.pipe(behind).pipe(client)
    clients.set(client, behind)
    client.on('close', () => clients.delete(client))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const url = new URL(target)
  url.port = String(address.port)
  const reset = (): void => clients.forEach((_, client) => void client.resetAndDestroy())
  return {
    url: url.href,
    reset,
    cut(how) {
      isCut = true
      if (how === 'reset') return reset()
      for (const [client, behind] of clients) {
        client.unpipe(behind).pause()
        behind.unpipe(client).pause()
      }
    },
    mend() {
      reset()
      isCut = false
    },
    close() {
      reset()
      server.close()
    },
  }
}
