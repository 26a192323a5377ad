// What Web Core and its routes are given: the store, the Hub, the clock, chance, and when the server stops.
import type { Config } from '../config.ts'
import type { Hub } from '../hub/edge/hub-interface.ts'
import type { Logger } from '../logger.ts'
import type { ObjectStore } from '../memory/blob/object-store.ts'
import type { BytesInFlight } from '../memory/bytes-in-flight.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { MemoryStore } from '../store/memory.ts'
import type { BundleDeps } from '../receipt/bundle.ts'
import type { ActStore } from '../store/acts.ts'
import type { AgentOrderStore } from '../store/agent-orders.ts'
import type { AgentRecords } from '../store/agent-record.ts'
import type { JobReads } from '../store/job-reads.ts'
import type { LedgerStore } from '../store/ledger-store.ts'
import type { SessionStore } from '../store/session-store.ts'
import type { Store } from '../store/store.ts'
import type { TenantStore } from '../store/tenants.ts'
import type { WebhookStore } from '../store/webhook-store.ts'
import type { Targets } from '../webhooks/targets.ts'
import type { RequestTrace } from '../trace.ts'
import type { AgentAlias } from './agent-alias.ts'
import type { AgentReads } from './agent-reads.ts'
import type { Authenticate } from './auth.ts'
import type { BodyPace } from './body-chunks.ts'
import type { ProjectPlaces } from './project-places.ts'
import type { WorkOf } from './project-work.ts'
import type { RequestRate } from './request-rate.ts'
import type { Sessions } from './sessions.ts'
import type { SignIns } from './sign-ins.ts'

/** Of the store, what answers requests. Partials are read for bundles alone. */
export type WebStore = TenantStore &
  SessionStore &
  MemoryStore &
  JobReads &
  AgentRecords &
  ActStore &
  Omit<AgentOrderStore, 'orderAgent' | 'agentOrders' | 'exposuresAfter'> &
  LedgerStore &
  Omit<WebhookStore, 'claimDeliveries' | 'recordAttempt' | 'dropDeliveries'> &
  BundleDeps['store'] &
  Pick<Store, 'job' | 'jobOfClient' | 'noticesOf' | 'eventsOf' | 'settingOrPut' | 'ping' | 'receiptLog' | 'receiptHead'>
export type WebHub = Hub

/** What routes say of the settings. */
type RouteConfig = Pick<Config, 'networksDays' | 'publicUrl'>

export interface RouteDeps {
  readonly objects: ObjectStore
  /** Of all uploads of this process, those of jobs included. */
  readonly inFlight: BytesInFlight
  readonly store: WebStore
  readonly hub: WebHub
  readonly sealer: BundleDeps['sealer']
  /** Where one may lead, and a word to whoever sends. */
  readonly webhooks: Pick<Targets, 'refusalOf'> & { wake(): void }
  /** Of one request: its lines name the request and its trace. */
  readonly logger: Logger
  readonly trace: RequestTrace
  readonly metrics: Metrics
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly newUlid: () => string
  readonly randomBytes: (count: number) => Uint8Array
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
  /** What a project may call an agent. */
  readonly agentAlias: AgentAlias
  readonly streams: ProjectPlaces
  readonly uploads: ProjectPlaces
  readonly lookups: ProjectPlaces
  readonly bundles: ProjectPlaces
  readonly bodyPace: BodyPace
  readonly requests: RequestRate
  readonly agentReads: AgentReads
  readonly workOf: WorkOf
  readonly sessions: Sessions
  readonly signIns: SignIns
  /** Of who sent this request, as far as proxies that the operator named tell it; empty when it is gone. */
  readonly clientAddress: string
  /** Ends the connection that this request came by. */
  readonly cut: () => void
  /** Who sends a request now; what answers for minutes asks again. */
  readonly authenticate: Authenticate
  readonly config: RouteConfig
}

type Made =
  | 'stopping'
  | 'agentAlias'
  | 'streams'
  | 'uploads'
  | 'lookups'
  | 'bundles'
  | 'bodyPace'
  | 'requests'
  | 'agentReads'
  | 'workOf'
  | 'sessions'
  | 'signIns'
  | 'clientAddress'
  | 'cut'
  | 'authenticate'
  | 'trace'
  | 'config'

export interface WebCoreDeps extends Omit<RouteDeps, Made> {
  readonly config: Pick<
    Config,
    'apiKey' | 'adminToken' | 'corsOrigins' | 'metricsToken' | 'bodyIdleSeconds' | 'trustedProxies' | 'distinctNetwork'
  > &
    RouteConfig
  /** The folder of the built agent page; null for none. */
  readonly agentWebDir: string | null
  /** The folder of the built HQ; null for none. */
  readonly hqWebDir: string | null
  readonly stopping?: AbortSignal
}
