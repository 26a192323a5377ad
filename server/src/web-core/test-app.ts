// Web Core over a fake store and Hub, with a key that works: what the tests of its routes start from.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ulid } from 'ulid'
import { createLogger } from '../logger.ts'
import { createBytesInFlight } from '../memory/bytes-in-flight.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { createWebCore, type WebCore } from './app.ts'
import type { WebCoreDeps } from './deps.ts'
import {
  createFakeHub,
  createFakeStore,
  FAKE_SEALER,
  NO_OBJECTS,
  NO_WEBHOOKS,
  type FakeHub,
  type FakeStore,
} from './fakes.ts'

export const KEY = 'the-key-of-the-tests'
export const ADMIN = 'the-token-of-the-operator'

/** The founding document's request, byte for byte as a client would paste it. */
export const foundingText = readFileSync(
  new URL('../../../test/fixtures/founding-request.json', import.meta.url),
  'utf8',
)

export interface TestApp {
  readonly app: WebCore
  readonly store: FakeStore
  readonly hub: FakeHub
  readonly stop: () => void
  /** Every line that was logged. */
  readonly log: string[]
  /** To the contract's route, with the key and as JSON, unless the headers say otherwise. */
  post(body: string | Uint8Array, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>
  get(path: string, headers?: Record<string, string>): Promise<Response>
}

export function startTestApp(
  agentWebDir: string | null = null,
  settings: Partial<WebCoreDeps['config']> = {},
  {
    webhooks = NO_WEBHOOKS,
    hqWebDir = null,
    clock = Date.now,
  }: Partial<Pick<WebCoreDeps, 'webhooks' | 'hqWebDir' | 'clock'>> = {},
): TestApp {
  const store = createFakeStore()
  const hub = createFakeHub(store)
  const stopping = new AbortController()
  const log: string[] = []
  const app = createWebCore({
    store,
    hub: hub.hub,
    objects: NO_OBJECTS,
    inFlight: createBytesInFlight(),
    sealer: FAKE_SEALER,
    config: {
      apiKey: KEY,
      adminToken: ADMIN,
      corsOrigins: [],
      metricsToken: null,
      bodyIdleSeconds: 60,
      networksDays: null,
      trustedProxies: [],
      publicUrl: null,
      distinctNetwork: false,
      ...settings,
    },
    webhooks,
    metrics: createMetrics(),
    logger: createLogger('debug', { write: (line) => void log.push(line) }),
    clock,
    newUlid: () => ulid(),
    randomBytes,
    agentWebDir,
    hqWebDir,
    stopping: stopping.signal,
  })
  const authorization = `Bearer ${KEY}`
  return {
    app,
    store,
    hub,
    log,
    stop: () => stopping.abort(),
    async post(body, headers = {}, signal) {
      return app.request('/api/v0/ops/execute', {
        method: 'POST',
        body: typeof body === 'string' ? body : new Uint8Array(body),
        headers: { authorization, 'content-type': 'application/json', ...headers },
        ...(signal === undefined ? {} : { signal }),
      })
    },
    get: async (path, headers = {}) => app.request(path, { headers: { authorization, ...headers } }),
  }
}
