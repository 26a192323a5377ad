// A port for what is stopped and started again on it. It lies outside the range from which the kernel takes the ports of
// outgoing connections: while nobody listens there, the very attempts to reach it could take it.

import { randomInt } from 'node:crypto'
import net from 'node:net'

/** Linux takes outgoing ports from 32,768 on, macOS and Windows from 49,152. */
const LOWEST = 15_000
const BEYOND = 32_000

/** Of this machine's loopback, free now. */
export async function keptPort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, BEYOND)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
