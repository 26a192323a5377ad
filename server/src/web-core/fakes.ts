// A store and a Hub in memory for the tests of Web Core: they keep what they are given and end a job when a test says so.
// The real ones have their own tests; these promise nothing but the shape of the interface.
import { boundsOf } from '@forge/shared/verifier/bound.ts'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { ProjectLimits } from '@forge/shared/contract/tenants.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { StoredAnswer } from '../hub/edge/hub-interface.ts'
import type { ObjectStore } from '../memory/blob/object-store.ts'
import type { JobRow, NewJob } from '../store/store.ts'
import type { SessionRow } from '../store/session-store.ts'
import type { ApiKeyRow } from '../store/tenants.ts'
import type { WebCoreDeps, WebHub, WebStore } from './deps.ts'

export const DEFAULT_PROJECT = 'default' as ProjectId

export interface FakeStore extends WebStore {
  keys: ApiKeyRow[]
  readonly jobs: Map<string, JobRow>
  /** Of every project. */
  limits: Partial<ProjectLimits>
  requestsLeft: number
  /** Jobs that every project gave up today. */
  givenUp: number
  /** What was asked of `takeRequests`. */
  readonly asked: number[]
  sessions: SessionRow[]
}

export function createFakeStore(): FakeStore {
  const store: FakeStore = {
    ...NOT_FAKED,
    keys: [],
    jobs: new Map(),
    limits: { requests_per_minute: null },
    requestsLeft: 0,
    givenUp: 0,
    asked: [],
    sessions: [],
    async insertSession(session) {
      store.sessions.push(session)
    },
    session: async (hash) => store.sessions.find((session) => session.hash === hash) ?? null,
    async deleteSession(hash) {
      store.sessions = store.sessions.filter((session) => session.hash !== hash)
    },
    agentRecord: async () => ({
      jobs: 0,
      accepted: 0,
      rejected: 0,
      microCredits: 0n,
      quarantine: null,
      rejections: [],
      receipts: [],
    }),
    noticesOf: async () => [],
    ping: async () => {},
    defaultProject: async () => DEFAULT_PROJECT,
    async insertApiKey(key) {
      store.keys.push(key)
      return true
    },
    apiKeys: async (projectId) => store.keys.filter((key) => key.projectId === projectId),
    apiKeyByHash: async (hash) => store.keys.find((key) => key.hash === hash) ?? null,
    async touchApiKey(id, atMs) {
      store.keys = store.keys.map((key) => (key.id === id ? { ...key, lastUsedAtMs: atMs } : key))
    },
    job: async (id) => store.jobs.get(id) ?? null,
    async jobOfClient(projectId, clientJobId) {
      const own = [...store.jobs.values()].filter((row) => row.projectId === projectId)
      return own.find((row) => row.clientJobId === clientJobId) ?? null
    },
    pool: async () => null,
    async jobsAtATime() {
      const states = [...store.jobs.values()].map(({ state }) => state)
      const queued = states.filter((state) => state === 'QUEUED').length
      return { concurrent: queued + states.filter((state) => state === 'RUNNING').length, queued }
    },
    givenUpOnDay: async (_projectId, _nowMs, most) => Math.min(most, store.givenUp),
    project: async (id) => ({ id, name: 'default', createdAtMs: 1, limits: canonicalJson(store.limits) }),
    async takeRequests(_projectId, perMinute, asked) {
      store.asked.push(asked)
      const granted = Math.min(asked, store.requestsLeft)
      store.requestsLeft -= granted
      return { granted, left: Math.min(perMinute, store.requestsLeft), nextInMs: store.requestsLeft > 0 ? 0 : 1_500 }
    },
  }
  return store
}

/** For apps whose tests touch no bytes. */
export const NO_OBJECTS: ObjectStore = {
  put: () => notFaked(),
  read: () => {
    throw new Error('not faked')
  },
  remove: () => notFaked(),
}

const notFaked = async (): Promise<never> => {
  throw new Error('not faked: test it on a real store, as routes.test.ts does')
}
const NOT_FAKED = {
  actsOf: notFaked,
  knowsIdentity: notFaked,
  wasReferee: notFaked,
  totalsOf: notFaked,
  faultsOf: notFaked,
  workFor: notFaked,
  receiptHead: notFaked,
  receiptLog: notFaked,
  jobsOf: notFaked,
  requestsOf: notFaked,
  attemptsOf: notFaked,
  verdictsOf: notFaked,
  eventsOf: notFaked,
  settingOrPut: notFaked,
  insertProject: notFaked,
  projects: notFaked,
  updateProject: notFaked,
  revokeApiKey: notFaked,
  insertPool: notFaked,
  retirePool: notFaked,
  pools: notFaked,
  insertNodeToken: notFaked,
  nodeTokens: notFaked,
  nodeTokenByHash: notFaked,
  endedNodeTokens: notFaked,
  revokeNodeToken: notFaked,
  insertWebhook: notFaked,
  webhook: notFaked,
  webhooks: notFaked,
  updateWebhook: notFaked,
  rotateWebhookSecret: notFaked,
  deleteWebhook: notFaked,
  webhookDeliveries: notFaked,
  putTestDelivery: notFaked,
  redeliver: notFaked,
  memoryUsage: notFaked,
  kv: notFaked,
  putKv: notFaked,
  deleteKv: notFaked,
  kvOf: notFaked,
  kvNamespaces: notFaked,
  beginObject: notFaked,
  discardObject: notFaked,
  objectsToRemove: notFaked,
  objectsRemoved: notFaked,
  putBlob: notFaked,
  blob: notFaked,
  blobsOf: notFaked,
  deleteBlob: notFaked,
  putVmem: notFaked,
  vmem: notFaked,
  vmemOf: notFaked,
  vmemVersions: notFaked,
  deleteVmem: notFaked,
  referencesOf: notFaked,
  sweepMemory: notFaked,
  nextExpiry: notFaked,
  transactionsOf: notFaked,
  ledgerAfter: notFaked,
  ledgerBefore: notFaked,
  balanceOf: notFaked,
  closeDay: notFaked,
  usage: notFaked,
  usedOnDay: notFaked,
  creditNote: notFaked,
  verdicts: notFaked,
  droppedAt: notFaked,
  acceptedBytes: notFaked,
  table: notFaked,
  acceptedPartials: () => {
    throw new Error('not faked')
  },
} as const

/** No name leads anywhere, and nothing is sent. */
export const NO_WEBHOOKS: WebCoreDeps['webhooks'] = {
  refusalOf: async () => 'has a name that leads nowhere at the moment',
  wake: () => {},
}

export const FAKE_SEALER: WebCoreDeps['sealer'] = {
  receiptOf: notFaked,
  linkOf: notFaked,
  noticesOf: async () => [],
  keys: notFaked,
}

type JobEnd = Partial<Pick<JobRow, 'state' | 'reason' | 'answer' | 'problem' | 'startedAtMs' | 'finishedAtMs'>>

export interface FakeHub extends Record<'agentsOnline', number> {
  /** What every job becomes as soon as someone waits for it; null leaves it as it is, and the wait lasts. */
  end: JobEnd | null
  /** What it says of every job. */
  isElsewhere: boolean
  readonly tables: Map<string, Uint8Array>
  readonly waits: number[]
  readonly hub: WebHub
}

export function createFakeHub(store: FakeStore): FakeHub {
  const fake: FakeHub = {
    agentsOnline: 0,
    end: { state: 'COMPLETED', answer: canonicalJson(ANSWER), finishedAtMs: 2 },
    isElsewhere: false,
    tables: new Map(),
    waits: [],
    hub: {
      agentsOnline: 0,
      refereeOnline: false,
      submitWithin: (job) => fake.hub.submit(job),
      async submit(job) {
        const existing = [...store.jobs.values()].find(
          ({ projectId, clientJobId }) => projectId === job.projectId && clientJobId === job.clientJobId,
        )
        if (existing !== undefined && job.clientJobId !== null) return { inserted: false, existing }
        store.jobs.set(job.id, rowOf(job))
        return { inserted: true }
      },
      async ended(id, waitMs, signal) {
        fake.waits.push(waitMs)
        const row = store.jobs.get(id)
        if (row !== undefined && fake.end !== null) store.jobs.set(id, { ...row, ...fake.end })
        if (fake.end !== null || signal?.aborted) return
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))
      },
      progress: () => null,
      isElsewhere: () => fake.isElsewhere,
      roster: { agents: () => [], isReferee: () => false, upToDate: async () => {}, order: notFaked },
      async cancel(id) {
        const row = store.jobs.get(id)
        if (row !== undefined) store.jobs.set(id, { ...row, state: 'CANCELLED', finishedAtMs: 2 })
      },
      shardStates: () => null,
      eligible: () => 0,
      speeds: () => [],
      table: async (digest) => fake.tables.get(digest) ?? null,
    },
  }
  return fake
}

const rowOf = (job: NewJob): JobRow => ({
  ...job,
  state: 'QUEUED',
  reason: null,
  planDigest: null,
  basis: null,
  ending: null,
  startedAtMs: null,
  finishedAtMs: null,
  answer: null,
  problem: null,
})

const digest = 'd'.repeat(64) as Digest

export const ANSWER: StoredAnswer = {
  hub: {
    metrics: {
      wall_ms: 37_317,
      agents_used: 10,
      shards: 153,
      units: 10_000_000,
      kernel_ms: 1_000,
      verified_shards: 16,
      engines: ['wasm'],
      parts: { plan: 1, tables: 2, dispatch: 3, reduce: 4 },
    },
    output: { loss: { mean: 1853.46, variance: 22_930_414.49 } },
    replay: {
      root_seed: 'ROOT_SEED_001',
      contract_digest: digest,
      kernel_digest: digest,
      plan_digest: digest,
      merkle_root: digest,
      output_digest: digest,
    },
    verification: {
      mode: 'spotcheck',
      status: 'clean',
      shards: 153,
      checked: 16,
      checked_by_trusted: 0,
      mismatches: 0,
      voided: 0,
      authors: 10,
      networks: 1,
      distinct_network: false,
      executions: 169,
      bound: boundsOf([
        ...Array.from({ length: 3 }, () => ({ shards: 16, checked: 1, checkedByTrusted: 0 })),
        { shards: 105, checked: 13, checkedByTrusted: 0 },
      ]),
    },
  },
  billing: { credits: 1.42, eur: 0.17 },
  warnings: [],
}
