// Asks a browser the cases: a server on localhost has the page and takes its answers, and whoever can send a browser to
// an address can be asked.
import http from 'node:http'
import { casesToJson, type Case } from './case.ts'
import { bundlePage } from './bundle.ts'
import { PLACES, type Told } from './places.ts'
import type { Texts, EngineKind } from './engine-kind.ts'

/** A browser that is silent for so long will not speak; a place takes seconds, on a busy machine a minute. */
const SILENCE_MS = 200_000
const KINDS = new Set(PLACES.map(({ kind }) => kind))
const HTML = '<!doctype html><title>Conformance</title><script type="module" src="/page.js"></script>'

/** Sends a browser to the address; what it returns closes it. */
export type Browse = (url: string) => Promise<{ close(): Promise<unknown> }>

export type CasesFor = (kind: EngineKind) => readonly Case[]

/** What the browser told of every place, in the order of `PLACES`. Rejects when it falls silent. */
export async function visit(browse: Browse, casesFor: CasesFor, texts: Texts = {}): Promise<Told[]> {
  const files = new Map<string, string | Uint8Array>([
    ['', HTML],
    ['places', JSON.stringify(PLACES)],
    ...[...KINDS].map((kind) => [`cases/${kind}`, casesToJson(casesFor(kind), texts)] as const),
    ...(await bundlePage()),
  ])
  const listener = new Listener()
  const server = http.createServer((request, response) => {
    const name = (request.url ?? '/').slice(1)
    if (request.method === 'POST' && name === 'told') return listener.hear(request, response)
    const body = files.get(name)
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': typeOf(name) }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  try {
    // `localhost` and not the number: WebGPU is for secure contexts.
    const browser = await browse(`http://localhost:${address.port}/`)
    try {
      return await listener.all()
    } finally {
      await browser.close()
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

class Listener {
  readonly #told: Told[] = []
  #heard = (): void => {}

  hear(request: http.IncomingMessage, response: http.ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      response.end()
      this.#told.push(JSON.parse(Buffer.concat(parts).toString()))
      this.#heard()
    })
  }

  async all(): Promise<Told[]> {
    for (const [i, { where, kind }] of PLACES.entries()) {
      if (this.#told.length > i) continue
      await new Promise<void>((resolve, reject) => {
        const silent = `the browser told nothing for ${SILENCE_MS / 1000} s: ${kind} in its ${where}`
        const patience = setTimeout(() => reject(new Error(silent)), SILENCE_MS)
        this.#heard = () => {
          clearTimeout(patience)
          resolve()
        }
      })
    }
    return this.#told
  }
}

function typeOf(name: string): string {
  if (name === '') return 'text/html; charset=utf-8'
  return name.endsWith('.js') ? 'text/javascript' : 'application/json'
}
