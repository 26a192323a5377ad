// No key is ever in the log of a real server, at its chattiest level, however it comes: right and wrong ones, in either header
// and in both, in the address (as it is, escaped, escaped in part, in lower case and twice), its query and bodies, as a trace id,
// made and revoked over the API, and said by an agent.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { io } from 'socket.io-client'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { helloFrame } from '@forge/shared/agent/frames.ts'
import { identityFromKeys, newSecretKey } from '@forge/shared/agent/identity.ts'
import { freshDataDir } from '../../scripts/machine/fresh-store.ts'
import { loadConfig, secretsOf } from './config.ts'
import { newCredential, type CredentialKind } from './credentials.ts'
import { createLogger } from './logger.ts'
import { startServer } from './server.ts'
import { ROUTES } from './web-core/routes/all-routes.ts'
import { foundingText } from './web-core/test-app.ts'

/** With both characters that base64 has beside letters and digits: they are what an address escapes. */
const founding = z.record(z.string(), z.unknown()).parse(JSON.parse(foundingText))

const secret = (): string => `+/${randomBytes(24).toString('base64')}`

/** Percent escapes of the same text, each of which a client could write. */
function spellings(key: string): string[] {
  const whole = encodeURIComponent(key)
  const lower = whole.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
  const all = [...key].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')
  return [
    whole,
    lower,
    whole.replaceAll('%2B', '+'),
    all,
    encodeURIComponent(whole),
    `${all.slice(0, 15)}${key.slice(5)}`,
  ]
}

test('no key and no token is logged', { timeout: 120_000 }, async () => {
  const [apiKey, adminToken, metricsToken] = [secret(), secret(), secret()]
  const signingKey = randomBytes(32).toString('base64')
  const newText = (kind: CredentialKind): string => newCredential(kind, randomBytes).text
  const [unknown, token, session] = [newText('key'), newText('token'), newText('session')]
  const signing = `whsec_+/${randomBytes(30).toString('base64')}`
  const folder = await freshDataDir()
  const settings = {
    FORGE_API_KEY: apiKey,
    FORGE_ADMIN_TOKEN: adminToken,
    FORGE_SIGNING_KEY: signingKey,
    FORGE_METRICS_TOKEN: metricsToken,
  }
  const config = loadConfig({ ...settings, PORT: '0', FORGE_DATA_DIR: folder, FORGE_REFEREE: 'off' })
  const log: string[] = []
  const server = await startServer(
    config,
    createLogger('trace', { write: (line) => void log.push(line) }, secretsOf(config)),
  )
  const secrets = [apiKey, adminToken, metricsToken, signingKey, unknown, token, session, signing]
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
    for (const key of secrets) {
      for (const spelling of spellings(key)) {
        for (const where of ['/', '/api/v0/jobs/', '/api/v0/blob/?key=']) await ask(`${where}${spelling}`, key)
      }
      // It is kept with the job, and every line about the job says it.
      const body = { ...founding, ctx: { job_id: `of-${secrets.indexOf(key)}`, trace_id: key } }
      await ask('/api/v0/ops/execute', apiKey, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { prefer: 'respond-async', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
      })
      await ask('/hq/session', apiKey, { headers: { cookie: `__Host-forge-hq=${key}` } })
      await ask('/hq/session', apiKey, { method: 'POST', body: JSON.stringify({ key }) })
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
  expect(logged).toContain('traceparent names another trace than ctx.trace_id')
  for (const one of secrets) for (const text of [logged, unescaped(logged)]) expect(text).not.toContain(one)
  expect(logged).not.toMatch(/(fpak|ntk|fphq|whsec)_[0-9a-f]{20}/)
})

/** Of whatever was escaped, and escaped again. */
function unescaped(text: string): string {
  const once = text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  return once === text ? text : unescaped(once)
}
