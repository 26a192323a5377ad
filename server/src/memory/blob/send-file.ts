// A file as the body of a request, read as fast as it is taken. `fetch` keeps a second copy of every body for a redirect that
// might come, so that of a gigabyte a gigabyte would stay in memory until it is sent.
import { createReadStream } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** As long as `fetch` waits: nothing is sent, taken or answered meanwhile. */
const STILL_MS = 300_000

/** Resolves with the answer's status; rejects when there is none. `headers` lack the length, which is the file's. */
export async function sendFile(request: Request, file: string): Promise<number> {
  const { size } = await stat(file)
  const headers = { ...Object.fromEntries(request.headers), 'content-length': size }
  const { request: open } = request.url.startsWith('https:') ? https : http
  return new Promise((resolve, reject) => {
    const call = open(request.url, { method: request.method, headers, timeout: STILL_MS }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    call.on('timeout', () => call.destroy(new Error(`nothing moved for ${STILL_MS / 1_000} s`)))
    call.on('error', reject)
    // Whoever refuses it may do so before the end of it.
    pipeline(createReadStream(file), call).catch(reject)
  })
}
