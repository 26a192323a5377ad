// The small world of examples.ts on a real store: the project with its key, pool, token and two jobs, beside another
// project that has the same and that nobody but itself may ever see.
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import path from 'node:path'
import { contractSchema } from '@forge/shared/contract/envelope.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { SCOPES, type Scope } from '@forge/shared/contract/tenants.ts'
import { ulid } from 'ulid'
import { openDiskObjects } from '../memory/blob/disk-objects.ts'
import { createBytesInFlight } from '../memory/bytes-in-flight.ts'
import { bodyOf, keepBlob, type BlobDeps } from '../memory/blob/put-blob.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { sealArray } from '../memory/vmem/put-vmem.ts'
import { arrayToBytes } from '@forge/shared/exact/typed-array.ts'
import { termsOf } from '../billing/price.ts'
import { figuresOf } from '../hub/edge/figures.ts'
import { planOf } from '../hub/edge/planning.ts'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { createLogger } from '../logger.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { createSealer, type Sealer } from '../receipt/sealer.ts'
import { openSigner } from '../receipt/signing-key.ts'
import { ANY_NUMBER, NO_LIMITS, type Booking } from '../store/ledger-store.ts'
import { openStore } from '../store/open-store.ts'
import type { NewJob, Store } from '../store/store.ts'
import type { WebCoreDeps } from './deps.ts'
import { accepted as shardsAccepted, NO_QUOTA } from '../store/store.fixtures.ts'
import { createTargets } from '../webhooks/targets.ts'
import { newSecret } from '../webhooks/signature.ts'
import { createWebCore, type WebCore } from './app.ts'
import { newCredential } from '../credentials.ts'
import { acceptContract, newJob } from './contract.ts'
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { EXAMPLE } from './examples.ts'
import type { Roster } from '../hub/edge/roster.ts'
import { exampleRoster, exampleState } from './examples-roster.fixtures.ts'
import { Refusal } from './refusal.ts'
import { ANSWER, createFakeHub, createFakeStore } from './fakes.ts'

/** What only another project's rows have in them: no answer to anybody else may contain it. */
export const FOREIGN_MARK = 'belongs-to-somebody-else'
export const ADMIN_TOKEN = 'the-token-of-the-operator'
export const METRICS_TOKEN = 'the-token-of-whoever-watches'

export interface Tenant {
  readonly projectId: ProjectId
  readonly key: string
  readonly ids: typeof EXAMPLE
}

export interface ExampleWorld {
  readonly app: WebCore
  readonly store: Store
  readonly roster: Roster
  /** The project of the examples, and another one. */
  readonly own: Tenant
  readonly foreign: Tenant
  /** The text of a new key of the examples' project. */
  makeKey(
    scopes: readonly Scope[],
    change?: { readonly expiresAtMs?: number; readonly revoked?: true },
  ): Promise<string>
  /** Where the bytes of blobs and arrays lie, below the folder of objects. */
  objectFiles(): Promise<string[]>
  close(): Promise<void>
}

/** A little more than what PGlite takes to start on a busy machine. */
export const WORLD_START_MS = 60_000

export async function openExampleWorld({ bodyIdleSeconds = 60 } = {}): Promise<ExampleWorld> {
  const folder = await freshDataDir()
  const metrics = createMetrics()
  const store = await openStore({ dataDir: folder, observer: metrics.store })
  const objects = await openDiskObjects(path.join(folder, 'objects'))
  const inFlight = createBytesInFlight()
  const own = await putTenant(store, EXAMPLE, 'Actuarial')
  const foreign = await putTenant(store, foreignIds(), FOREIGN_MARK)
  for (const { projectId, ids } of [own, foreign]) {
    await putMemory({ store, objects, inFlight, clock: Date.now, newUlid: ulid }, projectId, ids)
  }
  metrics.watch({ figures: () => figuresOf(exampleState()), totals: () => store.totals() })
  const roster = exampleRoster(store, foreign.ids, FOREIGN_MARK)
  const app = createWebCore({
    store,
    objects,
    inFlight,
    hub: { ...endingAtOnce(store), roster },
    sealer: await openTestSealer(store),
    config: {
      apiKey: null,
      adminToken: ADMIN_TOKEN,
      corsOrigins: [],
      metricsToken: METRICS_TOKEN,
      bodyIdleSeconds,
      networksDays: null,
      trustedProxies: [],
      publicUrl: null,
      distinctNetwork: false,
    },
    webhooks: { refusalOf: PUBLIC.refusalOf, wake: () => {} },
    metrics,
    logger: createLogger('silent'),
    clock: Date.now,
    newUlid: ulid,
    randomBytes,
    agentWebDir: null,
    hqWebDir: null,
  })
  return {
    app,
    store,
    roster,
    own,
    foreign,
    async makeKey(scopes, { expiresAtMs, revoked } = {}) {
      const id = ulid()
      const text = await putKey(store, own.projectId, { id, name: 'a key', scopes, expiresAtMs: expiresAtMs ?? null })
      if (revoked === true) await store.revokeApiKey(own.projectId, id, Date.now())
      return text
    },
    async objectFiles() {
      const entries = await readdir(path.join(folder, 'objects'), { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .toSorted()
    },
    async close() {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A job ends at once, as far as whoever waits can see. */
function endingAtOnce(store: Store): WebCoreDeps['hub'] {
  return {
    ...createFakeHub(createFakeStore()).hub,
    submitWithin: (job, limits, jobs) => store.registerJob(job, { terms: termsOf(planOf(job)), limits, jobs }),
    submit: (job) => store.insertJob(job),
    async cancel(id) {
      const cancelled = problem('CANCELLED', 'as asked')
      await store.finishJob(id, { state: 'CANCELLED', problem: cancelled, finishedAtMs: Date.now() })
    },
    ended: async (id) => {
      await store.finishJob(id, { state: 'COMPLETED', answer: canonicalJson(ANSWER), finishedAtMs: Date.now() })
    },
  }
}

/** Every name leads to the same place of the public internet. */
const PUBLIC = createTargets({
  allowPrivate: false,
  resolve: async (host) => [{ address: isIP(host) === 0 ? '93.184.216.34' : host, family: 4 }],
})

function foreignIds(): typeof EXAMPLE {
  const ids = {
    project: ulid(),
    key: ulid(),
    token: ulid(),
    job: ulid() as JobId,
    finishedJob: ulid() as JobId,
    webhook: ulid(),
  }
  const pools = { pool: `pool-${FOREIGN_MARK}`, sparePool: `spare-${FOREIGN_MARK}` }
  const names = { ...pools, kvKey: 'only-theirs', blob: 'only-theirs', vmem: 'only-theirs' }
  const delivery = `evt_${ids.finishedJob}_completed`
  return { ...EXAMPLE, ...(ids as object), ...(names as object), ...({ delivery } as object) }
}

async function putTenant(store: Store, ids: typeof EXAMPLE, name: string): Promise<Tenant> {
  const projectId = ids.project as string as ProjectId
  const createdAtMs = Date.now()
  await store.insertProject({ id: projectId, name, createdAtMs, limits: '{}' })
  const key = await putKey(store, projectId, { id: ulid(), name, scopes: SCOPES, expiresAtMs: null })
  await putKey(store, projectId, { id: ids.key, name, scopes: ['jobs:read'], expiresAtMs: null })
  for (const pool of [ids.pool, ids.sparePool]) await store.insertPool({ projectId, name: pool, createdAtMs }, 9)
  const { hash, prefix } = newCredential('token', randomBytes)
  const token = {
    id: ids.token,
    projectId,
    name,
    pool: ids.pool,
    region: null,
    trusted: false,
    madeByOperator: false,
    hash,
    prefix,
    createdAtMs,
  }
  await store.insertNodeToken({ ...token, expiresAtMs: null, revokedAtMs: null }, 9)
  const hook = { id: ids.webhook, projectId, url: `https://${name.toLowerCase()}.example.com/`, createdAtMs }
  const secret = newSecret(randomBytes)
  await store.insertWebhook({ ...hook, secret, description: name, events: ['job.completed', 'job.notice'] }, 9)
  for (const id of [ids.job, ids.finishedJob]) await store.registerJob(...exampleJob(projectId, id, name, createdAtMs))
  const answer = canonicalJson({ ...ANSWER, warnings: [name] })
  await store.writeShards(shardsAccepted(ids.finishedJob, [0, 1, 2]))
  await store.finishJob(ids.finishedJob, { state: 'COMPLETED', answer, finishedAtMs: createdAtMs })
  return { projectId, key, ids }
}

/** Under the names of the examples, and for the other project under names that only it has as well. */
async function putMemory(deps: BlobDeps, projectId: ProjectId, ids: typeof EXAMPLE): Promise<void> {
  const name = ids === EXAMPLE ? 'Actuarial' : FOREIGN_MARK
  const keys = new Set<string>([EXAMPLE.kvKey, ids.kvKey])
  const writes = [...keys].map((key) => {
    return { key, value: canonicalJson({ of: name }), expiresAtMs: null, condition: { kind: 'always' } as const }
  })
  await deps.store.putKv(projectId, EXAMPLE.kvNamespace, writes, NO_QUOTA, Date.now())
  const plain = { contentType: 'text/plain', ttlMs: null, digests: [], length: null } as const
  for (const array of new Set<string>([EXAMPLE.vmem, ids.vmem])) {
    const values = arrayToBytes('f64', [0, 0, 0.9, 1_000, 1, ids === EXAMPLE ? 50_000 : 60_000])
    await sealArray(projectId, { name: array, dtype: 'f64', shape: [3, 2], digests: [], body: bodyOf(values) }, deps)
  }
  for (const blob of new Set<string>([EXAMPLE.blob, ids.blob])) {
    const sent = {
      ...plain,
      name: blob,
      condition: { kind: 'always' },
      body: bodyOf(utf8(`bytes of ${name}`)),
    } as const
    await keepBlob(projectId, sent, deps)
  }
}

/** The founding request as a job, with what it costs. */
function exampleJob(projectId: ProjectId, id: JobId, name: string, nowMs: number): [NewJob, Booking] {
  const sent = { ...FOUNDING_REQUEST, ctx: { job_id: `${name} ${id}` } }
  const accepted = acceptContract(contractSchema.parse(sent), sent, { args: sent.args, references: [] })
  if (accepted instanceof Refusal) throw new Error(accepted.problem.detail)
  const job = newJob(accepted, projectId, { nowMs, newUlid: () => id, randomBytes })
  return [job, { terms: termsOf(accepted), limits: NO_LIMITS, jobs: ANY_NUMBER }]
}

/** A sealer that signs when it is asked, under a key of the store's own. */
export async function openTestSealer(store: Store): Promise<Sealer> {
  const signer = await openSigner({ store, configuredKey: null, nowMs: Date.now(), randomBytes })
  return createSealer({ store, signer, logger: createLogger('silent'), clock: Date.now })
}

interface KeyToPut {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAtMs: number | null
}

async function putKey(store: Store, projectId: ProjectId, { scopes, ...key }: KeyToPut): Promise<string> {
  const { text, hash, prefix } = newCredential('key', randomBytes)
  const row = { ...key, projectId, hash, prefix, scopes: scopes.join(' '), createdAtMs: 1 }
  await store.insertApiKey({ ...row, revokedAtMs: null, lastUsedAtMs: null }, 1_000)
  return text
}
