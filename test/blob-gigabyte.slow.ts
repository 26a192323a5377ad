// A blob of a gigabyte goes through the server without staying in it: on disk and in a bucket its bytes come back as they went,
// whole and taken up in the middle, and the server's memory grows by less than a tenth of them.
import { execFile } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import S3rver from '@20minutes/s3rver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshDataDir } from '../scripts/machine/fresh-store.ts'
import { API_KEY } from './support/client.ts'
import { startServerProcess } from './support/processes.ts'

const BYTES = 1_000_000_000
const CHUNK_BYTES = 1_000_000
const GROWTH_BYTES_MAX = 100_000_000
/** Where the connection breaks, in no way a round number. */
const BROKEN_AT = 412_345_679
const SAMPLE_MS = 250

let folder: string
let bucket: InstanceType<typeof S3rver>
let endpoint: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'forge-gigabyte-'))
  const options = { address: '127.0.0.1', port: 0, silent: true, directory: path.join(folder, 'served') }
  bucket = new S3rver({ ...options, configureBuckets: [{ name: 'forge-objects' }] })
  endpoint = `http://127.0.0.1:${(await bucket.run()).port}`
})
afterAll(async () => {
  await bucket.close()
  await rm(folder, { recursive: true, force: true })
})

/** The same bytes every time, and nothing that could be packed. */
function* content(): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  const zeros = Buffer.alloc(CHUNK_BYTES)
  for (let sent = 0; sent < BYTES; sent += CHUNK_BYTES) yield cipher.update(zeros)
}

interface Sent {
  readonly method: 'GET' | 'PUT'
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: Readable
  readonly take?: (chunk: Buffer) => boolean
}

/** Resolves with status and headers once the body has been taken, or as soon as `take` has had enough. */
function ask(url: string, { method, headers, body, take = () => true }: Sent) {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const call = request(url, { method, headers: { authorization: `Bearer ${API_KEY}`, ...headers } }, (answer) => {
      const done = () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers })
      answer.on('data', (chunk: Buffer) => {
        if (take(chunk)) return
        done()
        call.destroy()
      })
      answer.on('end', done)
      answer.on('error', reject)
    })
    call.on('error', reject)
    if (body === undefined) call.end()
    else pipeline(body, call).catch(reject)
  })
}

test.each(['on disk', 'in a bucket'] as const)('%s', { timeout: 600_000 }, async (where) => {
  const s3 = {
    FORGE_S3_ENDPOINT: endpoint,
    FORGE_S3_BUCKET: 'forge-objects',
    FORGE_S3_ACCESS_KEY_ID: 'S3RVER',
    FORGE_S3_SECRET_ACCESS_KEY: 'S3RVER',
  }
  const dataDir = await freshDataDir()
  const settings = { FORGE_DATA_DIR: dataDir, FORGE_REFEREE: 'off', ...(where === 'on disk' ? {} : s3) }
  const server = await startServerProcess(settings)
  let most = 0
  // `ps` counts in KiB, on every Unix.
  const resident = async (): Promise<number> => {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(server.pid)])
    return Number(stdout) * 1024
  }
  const sample = async (): Promise<void> => void (most = Math.max(most, await resident()))
  let sampling: NodeJS.Timeout | undefined
  const url = `${server.url}/api/v0/blob/gigabyte`
  try {
    // The first upload and the first look load what every one needs.
    await ask(`${server.url}/api/v0/blob/small`, { method: 'PUT', body: Readable.from([Buffer.alloc(CHUNK_BYTES)]) })
    await ask(`${server.url}/api/v0/blob/small`, { method: 'GET' })
    const before = await resident()
    sampling = setInterval(() => void sample(), SAMPLE_MS)

    const expected = createHash('sha256')
    for (const chunk of content()) expected.update(chunk)
    const digest = `sha-256=:${expected.digest('base64')}:`
    const headers = { 'content-length': BYTES, 'content-digest': digest }
    const put = await ask(url, { method: 'PUT', headers, body: Readable.from(content()) })
    expect(put.status).toBe(200)

    const whole = createHash('sha256')
    const got = await ask(url, { method: 'GET', take: (chunk) => Boolean(whole.update(chunk)) })
    expect(got).toMatchObject({ status: 200, headers: { 'content-length': String(BYTES), 'repr-digest': digest } })
    expect(`sha-256=:${whole.digest('base64')}:`).toBe(digest)

    const resumed = createHash('sha256')
    let taken = 0
    const until = (end: number) => (chunk: Buffer) => {
      const part = chunk.subarray(0, end - taken)
      resumed.update(part)
      taken += part.length
      return taken < end
    }
    await ask(url, { method: 'GET', take: until(BROKEN_AT) })
    expect(taken).toBe(BROKEN_AT)
    const range = { range: `bytes=${taken}-`, 'if-range': String(got.headers['etag']) }
    const rest = await ask(url, { method: 'GET', headers: range, take: (chunk) => until(BYTES)(chunk) || true })
    expect(rest.status).toBe(206)
    expect(rest.headers['content-range']).toBe(`bytes ${BROKEN_AT}-${BYTES - 1}/${BYTES}`)
    expect(`sha-256=:${resumed.digest('base64')}:`).toBe(digest)

    await sample()
    console.log(`${where}: ${Math.round(before / 1e6)} MB before, ${Math.round(most / 1e6)} MB at most`)
    expect(most - before).toBeLessThan(GROWTH_BYTES_MAX)
  } finally {
    clearInterval(sampling)
    server.signal('SIGTERM')
    await server.exit
    await rm(dataDir, { recursive: true, force: true })
  }
})
