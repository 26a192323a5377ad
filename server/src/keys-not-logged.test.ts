// No key is ever in the log of a real server, at its chattiest level, however it comes: right and wrong ones, in either header
// and in both, in the address, its query and bodies, made and revoked over the API, and said by an agent.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { io } from 'socket.io-client'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { helloFrame } from '@forge/shared/agent/frames.ts'
import { identityFromKeys, newSecretKey } from '@forge/shared/agent/identity.ts'
import { freshDataDir } from '../../scripts/machine/fresh-store.ts'
import { loadConfig } from './config.ts'
import { newCredential } from './credentials.ts'
import { createLogger } from './logger.ts'
import { startServer } from './server.ts'
import { ROUTES } from './web-core/routes/all-routes.ts'

const secret = (): string => randomBytes(24).toString('base64')

test('no key and no token is logged', { timeout: 120_000 }, async () => {
  const [apiKey, adminToken, signingKey] = [secret(), secret(), randomBytes(32).toString('base64')]
  const [unknown, token] = (['key', 'token'] as const).map((kind) => newCredential(kind, randomBytes).text) as [
    string,
    string,
  ]
  const folder = await freshDataDir()
  const settings = { FORGE_API_KEY: apiKey, FORGE_ADMIN_TOKEN: adminToken, FORGE_SIGNING_KEY: signingKey }
  const config = loadConfig({ ...settings, PORT: '0', FORGE_DATA_DIR: folder, FORGE_REFEREE: 'off' })
  const log: string[] = []
  const server = await startServer(config, createLogger('trace', { write: (line) => void log.push(line) }))
  const secrets = [apiKey, adminToken, signingKey, unknown, token]
  const ask = async (path: string, key: string, init: RequestInit = {}): Promise<unknown> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers }
    const response = await fetch(`${server.url}${path}`, { ...init, headers })
    return response.headers.get('content-type') === 'text/event-stream' ? response.body?.cancel() : response.text()
  }
  const made = async (path: string, body: object): Promise<string> => {
    const text = String(await ask(path, apiKey, { method: 'POST', body: JSON.stringify(body) }))
    const found = /"((?:fpak|ntk)_[0-9a-f]{56})"/.exec(text)?.[1]
    if (found === undefined) throw new Error(text)
    secrets.push(found)
    return found
  }
  try {
    const own = await made('/api/v0/keys', { name: 'k', scopes: ['jobs:read'] })
    const agents = await made('/api/v0/node-tokens', { name: 't' })
    for (const key of [apiKey, adminToken, unknown, token, own, 'Bearer', `${own}x`]) {
      for (const { method, path, body } of ROUTES) {
        const address = path.replaceAll(/\{\w+\}/g, encodeURIComponent(key))
        const sent = body === null ? {} : { body: JSON.stringify({ key, [key]: 1 }) }
        await ask(`${address}?key=${encodeURIComponent(key)}`, key, { method, ...sent })
      }
      await ask('/api/v0/jobs', key, { headers: { 'x-forge-api-key': apiKey } })
      await ask('/api/v0/jobs', key, { headers: { authorization: '', 'x-forge-api-key': key } })
      await ask('/api/v0/ops/execute', key, { method: 'POST', body: key })
      await ask(`/${encodeURIComponent(key)}/${key}`, key)
    }
    for (const said of [agents, token, adminToken]) {
      const client = io(server.url, { transports: ['websocket'], reconnection: false, forceNew: true })
      const { nonce } = await new Promise<{ nonce: string }>((resolve) => {
        client.once('challenge', resolve)
      })
      const identity = identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
      await client.emitWithAck('hello', await helloFrame(nonce, identity, { kind: 'node', token: said }))
      client.disconnect()
    }
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
  const lines = log.map((line) => z.object({ msg: z.string() }).parse(JSON.parse(line)).msg)
  expect(lines.filter((msg) => msg === 'request').length).toBeGreaterThan(ROUTES.length)
  const logged = log.join('')
  for (const one of secrets) {
    expect(logged).not.toContain(one)
    expect(logged).not.toContain(encodeURIComponent(one))
  }
  expect(logged).not.toMatch(/(fpak|ntk)_[0-9a-f]{20}/)
})
