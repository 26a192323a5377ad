// Objects in a bucket, on a real S3-compatible server of its own process's making: the same laws as on disk, and what is
// said when the server is away, the bucket is not there or the keys are wrong.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import S3rver from '@20minutes/s3rver'
import { ulid } from 'ulid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isPassing } from '../../store/sql-error.ts'
import { testObjects } from './objects.case.ts'
import { openS3Objects } from './s3-objects.ts'
import type { ObjectStore } from './object-store.ts'

const KEYS = { region: 'us-east-1', accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
let folder: string
let server: InstanceType<typeof S3rver>
let endpoint: string
let objects: ObjectStore
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'forge-s3-'))
  const options = { address: '127.0.0.1', port: 0, silent: true, directory: path.join(folder, 'served') }
  server = new S3rver({ ...options, configureBuckets: [{ name: 'forge-objects' }] })
  const { port } = await server.run()
  endpoint = `http://127.0.0.1:${port}`
  objects = await openS3Objects({ ...KEYS, endpoint, bucket: 'forge-objects' }, path.join(folder, 'uploads'))
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

testObjects(() => objects)

test('nothing is left in the folder of uploads', async () => {
  expect(await readdir(path.join(folder, 'uploads'))).toEqual([])
})

test('a bucket that is not there and keys that are wrong are sentences for the operator', async () => {
  const uploads = path.join(folder, 'others')
  await expect(openS3Objects({ ...KEYS, endpoint, bucket: 'no-such-bucket' }, uploads)).rejects.toThrow(/answers 404/)
  const wrong = { ...KEYS, endpoint, bucket: 'forge-objects', secretAccessKey: 'wrong' }
  await expect(openS3Objects(wrong, uploads)).rejects.toThrow(/answers 403/)
})

test('a server that does not answer is away, and not the fault of what was sent', async () => {
  const other = createServer((_, response) => response.writeHead(200).end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const lost = await openS3Objects(
    { ...KEYS, endpoint: `http://127.0.0.1:${port}`, bucket: 'forge-objects' },
    path.join(folder, 'lost'),
  )
  other.closeAllConnections()
  await new Promise((resolve) => other.close(resolve))
  const error: unknown = await lost.remove(ulid()).catch((caught: unknown) => caught)
  expect(isPassing(error)).toBe(true)
})

test('an upload that is refused for the moment is sent again, whole; one that breaks off is the store’s fault', async () => {
  const came: { readonly bytes: string; readonly length: string | undefined }[] = []
  const other = createServer((request, response) => {
    let bytes = ''
    request.on('data', (chunk: Buffer) => (bytes += chunk.toString()))
    request.on('end', () => {
      if (request.method === 'PUT') came.push({ bytes, length: request.headers['content-length'] })
      if (came.length === 4) response.destroy()
      else response.writeHead(request.method === 'PUT' && came.length < 3 ? 503 : 200).end()
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const config = { ...KEYS, endpoint: `http://127.0.0.1:${port}`, bucket: 'forge-objects' }
  const busy = await openS3Objects(config, path.join(folder, 'busy'))
  const sent = () => busy.put(ulid(), Readable.from([Buffer.from('as '), Buffer.from('it was')]))
  await sent()
  expect(came).toEqual(Array.from({ length: 3 }, () => ({ bytes: 'as it was', length: '9' })))
  const error: unknown = await sent().catch((caught: unknown) => caught)
  expect(isPassing(error)).toBe(true)
  expect(await readdir(path.join(folder, 'busy'))).toEqual([])
  other.closeAllConnections()
  await new Promise((resolve) => other.close(resolve))
})
