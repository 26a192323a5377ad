// A receiver on this machine: it keeps what it was sent and answers as a test says.
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createTargets, type Targets } from './targets.ts'

export interface Received {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

type Answer = number | ((request: IncomingMessage, response: ServerResponse) => void)

export interface Receiver {
  readonly received: Received[]
  /** What the next ones are answered; a function answers by itself. */
  answer: Answer
  readonly port: number
  /** By a name that no DNS knows. */
  readonly url: string
  /** These alone know where the name leads. */
  readonly targets: Targets
  /** Names that were looked up. */
  readonly lookedUp: string[]
  /** Names by which a TLS connection was asked for. */
  readonly servernames: string[]
  close(): Promise<void>
}

export async function startReceiver({ tls = false } = {}): Promise<Receiver> {
  const [received, lookedUp, servernames]: [Received[], string[], string[]] = [[], [], []]
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    received.push({ path: request.url ?? '', headers, body })
    if (typeof receiver.answer === 'function') receiver.answer(request, response)
    else response.writeHead(receiver.answer).end('thanks')
  }
  const handle = (request: IncomingMessage, response: ServerResponse): void => void receive(request, response)
  const server = tls
    ? createHttps(
        { ...SELF_SIGNED, SNICallback: (name, done) => done(null, void servernames.push(name) as undefined) },
        handle,
      )
    : createHttp(handle)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const resolve = async (host: string) => {
    lookedUp.push(host)
    return [{ address: '127.0.0.1', family: 4 } as const]
  }
  const receiver: Receiver = {
    received,
    answer: 204,
    port,
    url: `${tls ? 'https' : 'http'}://hooks.example.test:${port}/forge`,
    targets: createTargets({ allowPrivate: true, resolve }),
    lookedUp,
    servernames,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
  return receiver
}

/** Of hooks.example.test, by nobody that anybody trusts, for a century from 2026. */
const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguzLkMfImRRQdEJ6H
GZwckuTlfNHBTP0KAQas/FokpHmhRANCAATpVlnQfAmOaC3Zooh5URAGDrVElgcW
XCkUIhoh+1dPEHBPtPUFRPizMZYhOgw7+CpBJ0YSQwQRz4QP6MlWYMDJ
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBsDCCAVagAwIBAgIUctL/mCbRypDqt1FbSKgvj6KtdwgwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSaG9va3MuZXhhbXBsZS50ZXN0MCAXDTI2MTEyNzA3Mzk1MFoY
DzIxMjYxMTAzMDczOTUwWjAdMRswGQYDVQQDDBJob29rcy5leGFtcGxlLnRlc3Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATpVlnQfAmOaC3Zooh5URAGDrVElgcW
XCkUIhoh+1dPEHBPtPUFRPizMZYhOgw7+CpBJ0YSQwQRz4QP6MlWYMDJo3IwcDAd
BgNVHQ4EFgQUS8e0PfwGDZekKlIuCyVKjqXpi+kwHwYDVR0jBBgwFoAUS8e0PfwG
DZekKlIuCyVKjqXpi+kwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJob29r
cy5leGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIgcbH358BikCXg8dG05h2W
f0mHqkWk/EsDUNb7aaxG3j0CIQDGph/3SA3vm5FOZMLpnaN4zSGKbdbnjumP3JlF
o4yiXw==
-----END CERTIFICATE-----`,
} as const
