// Objects in a bucket of an S3-compatible store, by configuration. An upload is written to a temporary file first, because
// S3 wants its length and takes its SHA-256, which it holds against what arrives; then it is one PUT, there whole or not.
import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import { ConfigError, type S3Config } from '../../config.ts'
import { makeFolder } from '../../store/make-folder.ts'
import { writeSynced } from './disk-objects.ts'
import type { ObjectStore } from './object-store.ts'

/** Answers of 429 and 5xx are tried again so often, after 50, 100, ... ms: some three seconds in all. */
const RETRIES = 6
const FIRST_RETRY_MS = 50

/** The object store does not answer, or refuses what it took before: what waits for the database waits for this as well. */
export class ObjectStoreAway extends Error {
  override readonly name = 'ObjectStoreAway'
  /** As a lost connection to the database. */
  readonly code = '08006'
}

/** Throws a `ConfigError` when the bucket cannot be reached with these keys. */
export async function openS3Objects(config: S3Config, uploads: string): Promise<ObjectStore> {
  await makeFolder(uploads)
  for (const left of await readdir(uploads)) await rm(path.join(uploads, left), { force: true })
  const { accessKeyId, secretAccessKey, region, endpoint, bucket } = config
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    region,
    service: 's3',
    retries: RETRIES,
    initRetryMs: FIRST_RETRY_MS,
  })
  // Path-style: every compatible server takes it.
  const addressOf = (id: string): string => `${endpoint}/${bucket}/${requireId(id)}`
  const ask = async (address: string, init: RequestInit): Promise<Response> => {
    try {
      return await client.fetch(address, init)
    } catch (error) {
      throw new ObjectStoreAway('the object store does not answer', { cause: error })
    }
  }
  /** The same for a file. A body that might have to be sent again after a redirect is kept in memory, so none is followed. */
  const send = async (address: string, headers: Record<string, string>, file: string): Promise<Response> => {
    for (let waitMs = FIRST_RETRY_MS, retries = RETRIES; ; waitMs *= 2, retries--) {
      const signed = await client.sign(address, { method: 'PUT', headers })
      const body = await openAsBlob(file)
      const init: RequestInit = { method: 'PUT', headers: signed.headers, body, redirect: 'error', window: null }
      const response = await fetch(address, init).catch((cause: unknown) => {
        throw new ObjectStoreAway('the object store does not answer', { cause })
      })
      if (retries === 0 || (response.status < 500 && response.status !== 429)) return response
      await response.body?.cancel()
      await sleep(waitMs)
    }
  }
  const [found] = await Promise.allSettled([ask(`${endpoint}/${bucket}`, { method: 'HEAD' })])
  requireBucket(found, config)

  return {
    async put(id, bytes) {
      const upload = path.join(uploads, requireId(id))
      try {
        const sha256 = createHash('sha256')
        await writeSynced(upload, digesting(bytes, sha256))
        const headers = { 'x-amz-content-sha256': sha256.digest('hex'), 'content-type': 'application/octet-stream' }
        await expectStatus(await send(addressOf(id), headers, upload), [200])
      } finally {
        await rm(upload, { force: true })
      }
    },
    async *read(id, range) {
      const headers = range === undefined ? {} : { range: `bytes=${range.first}-${range.last}` }
      const response = await ask(addressOf(id), { headers })
      await expectStatus(response, [range === undefined ? 200 : 206])
      if (response.body === null) return
      let left = range === undefined ? Infinity : range.last - range.first + 1
      for await (const chunk of response.body) {
        left -= chunk.length
        // Never more than the client was told: a server that answers another range is no store to trust.
        if (left < 0) throw new ObjectStoreAway('the object store answered another range')
        yield chunk
      }
    },
    async remove(id) {
      await expectStatus(await ask(addressOf(id), { method: 'DELETE' }), [200, 204, 404])
    },
  }
}

async function* digesting(
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
}

async function expectStatus(response: Response, statuses: readonly number[]): Promise<void> {
  if (statuses.includes(response.status)) return
  await response.body?.cancel()
  throw new ObjectStoreAway(`the object store answered ${response.status}`)
}

function requireBucket(found: PromiseSettledResult<Response>, { endpoint, bucket }: S3Config): void {
  if (found.status === 'fulfilled' && found.value.ok) return
  const answer =
    found.status === 'fulfilled' ? `answers ${found.value.status}` : `does not answer${reasonOf(found.reason)}`
  throw new ConfigError([
    `The bucket ${JSON.stringify(bucket)} at FORGE_S3_ENDPOINT (${endpoint}) ${answer}: it must be there, and the keys must open it.`,
  ])
}

/** What the system says is at the end of a chain of causes. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return error.cause === undefined ? ` (${error.message})` : reasonOf(error.cause)
}

function requireId(id: string): string {
  if (/^[0-9A-Z]{26}$/.test(id)) return id
  throw new Error(`${JSON.stringify(id)} is no id of an object`)
}
