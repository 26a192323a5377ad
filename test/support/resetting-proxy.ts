// A way to a database that can be cut under a statement, as by a router that forgets its connections: the client's end is
// reset, which it hears as an error, and only then as a close.
import { once } from 'node:events'
import net from 'node:net'

export interface ResettingProxy {
  /** The same database by this way. */
  readonly url: string
  /** Resets every connection there is. */
  reset(): void
  close(): void
}

export async function resettingProxy(databaseUrl: string): Promise<ResettingProxy> {
  const database = new URL(databaseUrl)
  const clients = new Set<net.Socket>()
  const server = net.createServer((client) => {
    const behind = net.connect(Number(database.port), database.hostname)
    for (const socket of [client, behind]) socket.on('error', () => undefined)
    client.pipe(behind).pipe(client)
    clients.add(client)
    client.on('close', () => clients.delete(client))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const url = new URL(databaseUrl)
  url.port = String(address.port)
  const reset = (): void => clients.forEach((client) => void client.resetAndDestroy())
  return {
    url: url.href,
    reset,
    close() {
      reset()
      server.close()
    },
  }
}
