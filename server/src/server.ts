// The composition: configuration, store, HTTP, Hub, Web Core, referee, in this order, and the same backwards at the end.
// main.ts, the demo and the tests start a server through here; nothing else puts these parts together.
import { randomBytes } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Config } from './config.ts'
import { createHttpServer } from './http-server.ts'
import { startHub, type RunningHub } from './hub/edge/hub.ts'
import { startReferee } from './hub/edge/referee.ts'
import type { Logger } from './logger.ts'
import { newUlid } from './new-ulid.ts'
import { createKeepArtifacts } from './memory/artifacts.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createAgentAlias } from './web-core/agent-alias.ts'
import { folderOf, openObjects } from './memory/blob/open-objects.ts'
import { createBytesInFlight } from './memory/bytes-in-flight.ts'
import { startSweeper, sweepMemory } from './memory/sweeper.ts'
import { startRetention } from './receipt/retention.ts'
import { createSealer, wakingStore, type Sealer } from './receipt/sealer.ts'
import { openSigner } from './receipt/signing-key.ts'
import { openToOthers } from './store/make-folder.ts'
import { embeddedFolder, openStore } from './store/open-store.ts'
import type { Store } from './store/store.ts'
import { createWebCore } from './web-core/app.ts'
import { ensureApiKey } from './web-core/auth.ts'
import { createListener } from './web-core/listener.ts'
import { localUrl } from './web-core/start-text.ts'
import { startWebhooks } from './webhooks/start-webhooks.ts'

/** How long a stopping server lets open requests end. */
const DRAIN_MS = 5_000

const NO_REFEREE =
  'FORGE_REFEREE is off: where no agent is a veteran yet, none becomes one without an operator’s agent with a trusted node ' +
  'token; until then spotcheck degrades or fails, and full fails'

export interface RunningServer {
  /** Scheme, host and port as a client on this machine writes them. */
  readonly url: string
  /** The default project's key if it was made on this start. */
  readonly madeKey: string | null
  readonly hub: RunningHub
  readonly store: Store
  readonly sealer: Sealer
  close(): Promise<void>
}

export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  const { databaseUrl, dataDir } = config
  const metrics = createMetrics()
  const opened = await openStore({ dataDir, observer: metrics.store, ...(databaseUrl === null ? {} : { databaseUrl }) })
  const stopping = new AbortController()
  const undo: Undo = [() => opened.close()]
  const close = async (): Promise<void> => {
    stopping.abort()
    for (const step of undo.splice(0).toReversed()) await step()
  }
  try {
    const { store, sealer, webhooks } = await startBackground(opened, config, logger, undo)
    const http = createHttpServer()
    // Sockets keep an HTTP server from closing, so the Hub, which holds them, closes before it.
    undo.push(() => drain(http))
    const refereeToken = config.referee ? randomBytes(32).toString('hex') : null
    const { objects, inFlight, keepArtifacts } = await openMemory(store, config, logger)
    const hub = await startHub({ store, logger, config, http, refereeToken, keepArtifacts, metrics })
    metrics.watch({ figures: () => hub.figures(), totals: () => store.totals() })
    undo.push(() => hub.close())
    const sweeper = startSweeper({
      sweep: (nowMs) => sweepMemory(store, objects, nowMs),
      nextExpiry: () => store.nextExpiry(),
      clock: Date.now,
      logger,
    })
    undo.push(() => sweeper.close())
    const webCore = createWebCore({
      store,
      objects,
      inFlight,
      hub,
      sealer,
      webhooks,
      config,
      metrics,
      logger,
      clock: Date.now,
      newUlid,
      randomBytes: (count) => randomBytes(count),
      agentWebDir: fileURLToPath(new URL('../../agent-web/dist', import.meta.url)),
      hqWebDir: fileURLToPath(new URL('../../hq-web/dist', import.meta.url)),
      stopping: stopping.signal,
    })
    // The Hub has put its own listeners on upgrades and on socket.io's path; all else is Web Core's.
    http.on('request', createListener(webCore.fetch, logger))
    const port = await listen(http, config.port, config.host)
    const url = localUrl(config.host, port)
    // Once nothing can fail any more: the key is shown on this start alone.
    const madeKey = await ensureApiKey({
      store,
      configuredKey: config.apiKey,
      nowMs: Date.now(),
      newUlid,
      randomBytes: (count) => randomBytes(count),
    })
    for (const sentence of await openToOthers([embeddedFolder(dataDir), folderOf(config)])) logger.warn(sentence)
    if (refereeToken === null) logger.warn(NO_REFEREE)
    if (refereeToken !== null) {
      const referee = startReferee(url, refereeToken, logger)
      undo.push(() => referee.close())
    }
    return { url, madeKey, hub, store, sealer, close }
  } catch (error) {
    await close()
    throw error
  }
}

type Undo = (() => Promise<void> | void)[]

/** What works beside requests and agents: receipts are sealed, webhooks sent, and what is kept for some days is let go. */
async function startBackground(opened: Store, config: Config, logger: Logger, undo: Undo) {
  const signer = await openSigner({ store: opened, configuredKey: config.signingKey, nowMs: Date.now(), randomBytes })
  const sealer = createSealer({ store: opened, signer, logger, clock: Date.now })
  undo.push(() => sealer.close())
  const webhooks = startWebhooks({ store: opened, logger, config: config.webhooks })
  undo.push(() => webhooks.close())
  const store = wakingStore(opened, sealer, webhooks)
  sealer.wake()
  const { partialsDays, networksDays } = config
  const retention = startRetention({ store: opened, logger, clock: Date.now, partialsDays, networksDays })
  undo.push(() => retention.close())
  return { store, sealer, webhooks }
}

/** The bytes of blobs and arrays, and what a completed job writes there. */
async function openMemory(store: Store, config: Config, logger: Logger) {
  const objects = await openObjects(config)
  const inFlight = createBytesInFlight()
  const agentAlias = createAgentAlias(store, (count) => randomBytes(count))
  const keepArtifacts = createKeepArtifacts({ store, objects, inFlight, clock: Date.now, newUlid, logger, agentAlias })
  return { objects, inFlight, keepArtifacts }
}

function listen(http: HttpServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, host, () => {
      http.off('error', reject)
      const { port: taken } = http.address() as AddressInfo
      resolve(taken)
    })
  })
}

/** No new connections; those with a request in flight get a moment. */
function drain(http: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => http.closeAllConnections(), DRAIN_MS)
    http.close(() => {
      clearTimeout(impatience)
      resolve()
    })
    http.closeIdleConnections()
  })
}
