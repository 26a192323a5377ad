// The store on an engine: which query each method runs, and what is one transaction. It knows neither PGlite nor Postgres.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { inTime } from '../in-time.ts'
import type { Db, Engine } from './engine.ts'
import { rememberingFinished } from './finished-jobs.ts'
import { gathered } from './gathered.ts'
import { groupCommit } from './group-commit.ts'
import { STORE_LIMITS } from './limits.ts'
import { actsOf } from './queries/acts.ts'
import { orderAgent, ordersAfter } from './queries/agent-orders.ts'
import { faultsOf, knowsIdentity, totalsOf, workFor, wasReferee } from './queries/agent-reads.ts'
import { agentRecord } from './queries/agent-record.ts'
import { keepSum, ofAccount, ofDay, summed, type Scope } from './queries/balances.ts'
import { closeDay, stateOfDay } from './queries/closings.ts'
import { eventsAfter } from './queries/events.ts'
import { exposuresAfter, quarantined } from './queries/exposures.ts'
import { standingsOf } from './queries/identities.ts'
import { creditNote, ledgerAfter, ledgerBefore, transactionsOfJobs } from './queries/ledger.ts'
import { finishJob, insertJob, jobsById, jobOfClient, registerJob, setBasis, updateJob } from './queries/jobs.ts'
import { attemptsOf, givenUpOnDay, jobsAtATime, jobsOf, requestsOf, verdictsIn } from './queries/job-reads.ts'
import {
  appendNotices,
  jobsOfExecutor,
  markNoticed,
  noticesOf,
  tookPart,
  unnoticed,
  type Exposed,
} from './queries/notices.ts'
import { jobsByOwner, takeJobs, wantCancelled } from './queries/owners.ts'
import * as sealed from './queries/seals.ts'
import { setting, settingOrPut } from './queries/settings.ts'
import {
  acceptedAfter,
  executorsOf,
  partialsAfter,
  submissionsOf,
  verdictsOf,
  verdictsOfJobs,
  voidedOf,
  writeShards,
  writeEnding,
} from './queries/shards.ts'
import { putTable, tableByDigest, tableByKey } from './queries/tables.ts'
import { totals } from './queries/totals.ts'
import { createMemory } from './sql-memory.ts'
import { usage } from './queries/usage.ts'
import { account, type LedgerStore, type UsageRow } from './ledger-store.ts'
import { UNOBSERVED, type StoreObserver } from './observer.ts'
import type { OwnerStore } from './owner-store.ts'
import type { SealItem, SealRow, SealStore } from './seal-store.ts'
import { enterServer } from './server-place.ts'
import { createSessions } from './sql-sessions.ts'
import { createTenants } from './sql-tenants.ts'
import { createWebhooks } from './sql-webhooks.ts'
import { StoreBusy } from './sql-error.ts'
import type { PartialRow, ShardWrites, Store } from './store.ts'
import { turns } from './turns.ts'

/** `release` runs when all is closed. */
export function createStore(engine: Engine, release: () => Promise<void>, observer: StoreObserver = UNOBSERVED): Store {
  const writer = shardWriter(engine, observer)
  let closing: Promise<void> | null = null
  const close = async () => {
    // One that says nothing more is not waited for: its connections are ended below.
    await inTime(STORE_LIMITS.closeMsMax, writer.idle())
    try {
      await engine.close()
    } finally {
      await release()
    }
  }
  const notices = gathered((jobIds: readonly JobId[]) => engine.run((db) => noticesOf(db, jobIds)))
  const few = gathered((jobIds: readonly JobId[]) => engine.run((db) => verdictsOfJobs(db, jobIds)))
  const records = turns('agents’ records', STORE_LIMITS.recordsWaitingMax)
  return {
    ...createTenants(engine),
    ...createSessions(engine),
    ...createMemory(engine),
    ...createWebhooks(engine),

    setting: (name) => engine.run((db) => setting(db, name)),
    settingOrPut: (name, value) => engine.transaction((db) => settingOrPut(db, name, value)),

    ...jobsOn(engine, observer),
    ...ownersOn(engine, observer),

    writeShards: (writes) => writer.write(writes),
    writeEnding: (...ending) => engine.transaction((db) => writeEnding(db, ...ending)),
    submissions: (jobId) => engine.run((db) => submissionsOf(db, jobId)),
    voidedOf: (jobId) => engine.run((db) => voidedOf(db, jobId)),
    verdicts: (jobId) => engine.run((db) => verdictsOf(db, jobId)),
    fewVerdicts: async (jobId) => (await few(jobId)) ?? [],
    acceptedPartials: (jobId, first, end) =>
      batches(engine, (db, after) => acceptedAfter(db, jobId, after, end), first, end - 1),
    partials: (jobId, first, end) => batches(engine, (db, after) => partialsAfter(db, jobId, after, end), first),
    executorsOf: (jobId) => engine.run((db) => executorsOf(db, jobId)),
    quarantines: () => engine.run((db) => quarantined(db)),
    standingsOf: (identity) => engine.run((db) => standingsOf(db, identity)),

    noticesOf: async (jobId) => (await notices(jobId)) ?? [],
    unnoticed: () => engine.run(unnoticed),
    markNoticed: (exposure) => engine.transaction((db) => markNoticed(db, exposure)),
    tookPart: (jobId, identities) => engine.run((db) => tookPart(db, jobId, identities)),
    noticeFinished: (identity, reason, atMs) => noticeAll(engine, { identity, reason, atMs }),
    eventsOf: (jobId, after) => engine.run((db) => eventsAfter(db, jobId, after)),

    jobsAtATime: (projectId) => engine.run((db) => jobsAtATime(db, projectId)),
    givenUpOnDay: (projectId, nowMs, most) => engine.run((db) => givenUpOnDay(db, projectId, nowMs, most)),
    jobsOf: (projectId, filter, page) => engine.run((db) => jobsOf(db, projectId, filter, page)),
    requestsOf: (projectId, ids) => engine.run((db) => requestsOf(db, projectId, ids)),
    attemptsOf: (jobId, first, end) => engine.run((db) => attemptsOf(db, jobId, first, end)),
    agentRecord: (identity) => records.take(() => engine.run((db) => agentRecord(db, identity))),
    verdictsOf: (jobId, first, end) => engine.run((db) => verdictsIn(db, jobId, first, end)),

    table: (key) => engine.run((db) => tableByKey(db, key)),
    tableByDigest: (digest) => engine.run((db) => tableByDigest(db, digest)),
    putTable: (key, digest, words) => engine.transaction((db) => putTable(db, key, digest, words)),

    ...ledgerOn(engine, observer),
    ...sealsOn(engine),

    actsOf: (chain, page) => engine.run((db) => actsOf(db, chain, page)),
    orderAgent: (order, terms) => engine.transaction((db, attempt) => orderAgent(db, order, terms, attempt)),
    agentOrders: (after) => engine.run((db) => ordersAfter(db, after)),
    exposuresAfter: (after) => engine.transaction((db) => exposuresAfter(db, after)),
    knowsIdentity: (identity) => engine.run((db) => knowsIdentity(db, identity)),
    wasReferee: (identity) => engine.run((db) => wasReferee(db, identity)),
    totalsOf: (identities) => records.take(() => engine.transaction((db) => totalsOf(db, identities))),
    workFor: (projectId) => records.take(() => engine.run((db) => workFor(db, projectId))),
    faultsOf: (identities) => engine.transaction((db) => faultsOf(db, identities)),

    totals: () => engine.run(totals),
    ping: () => engine.ping(),
    close: () => (closing ??= close()),
  }
}

type JobMethods = 'insertJob' | 'registerJob' | 'job' | 'jobOfClient' | 'updateJob' | 'setBasis' | 'finishJob'

function jobsOn(engine: Engine, observer: StoreObserver): Pick<Store, JobMethods> {
  const finished = rememberingFinished(gathered((ids) => engine.run((db) => jobsById(db, ids))))
  return {
    insertJob: (job) => engine.transaction((db, attempt) => insertJob(db, job, attempt)),
    async registerJob(job, booking) {
      const registered = await engine.transaction((db, attempt) => registerJob(db, job, booking, attempt))
      if (registered.inserted) observer.registered(job, booking)
      return registered
    },
    job: finished.job,
    jobOfClient: (projectId, clientJobId) => engine.run((db) => jobOfClient(db, projectId, clientJobId)),
    updateJob: (id, change) => engine.transaction((db) => updateJob(db, id, change)),
    setBasis: (id, basis, owner) => engine.transaction((db) => setBasis(db, id, basis, owner)),
    async finishJob(id, end) {
      const { row, settled } = await engine.transaction((db, attempt) => finishJob(db, id, end, attempt))
      if (row === null) return false
      finished.remember(row)
      observer.ended(id, end.state, end.finishedAtMs, settled)
      return true
    },
  }
}

function ownersOn(engine: Engine, observer: StoreObserver): OwnerStore {
  return {
    enter: (retaken, lost) => enterServer(engine, retaken, lost),
    jobsByOwner: (server) => engine.run((db) => jobsByOwner(db, server)),
    async takeJobs(server, from, isAgain = false) {
      const rows = await engine.transaction((db, attempt) => takeJobs(db, server, from, isAgain || attempt > 1))
      observer.resumed(rows)
      return rows
    },
    wantCancelled: (id, atMs) => engine.transaction((db) => wantCancelled(db, id, atMs)),
  }
}

interface ShardWriter {
  write(writes: ShardWrites): Promise<void>
  idle(): Promise<void>
}

function shardWriter(engine: Engine, observer: StoreObserver): ShardWriter {
  const commit = async (group: readonly ShardWrites[], bytes: number): Promise<void> => {
    await engine.transaction((db) => writeShards(db, joined(group)))
    observer.grouped(group.length, bytes)
  }
  const groupsMax = Math.max(1, Math.min(STORE_LIMITS.groupsMax, engine.lanes - 1))
  const answers = groupCommit<ShardWrites>(commit, weight, { ...STORE_LIMITS, groupsMax })
  // A later standing replaces an earlier one: these keep their order.
  const decisions = groupCommit<ShardWrites>(commit, weight, { ...STORE_LIMITS, groupsMax: 1 })
  return {
    async write(writes) {
      if (weight(writes) === 0) return
      try {
        await (isAnswers(writes) ? answers : decisions).write(writes)
      } catch (error) {
        // What else fails, the engine has told.
        if (error instanceof StoreBusy) observer.failed(error)
        throw error
      }
    },
    async idle() {
      await Promise.all([answers.idle(), decisions.idle()])
    },
  }
}

/** As it is now: what is just being written may or may not be in it. */
async function sumOf(engine: Engine, scope: Scope): Promise<bigint> {
  for (;;) {
    const { microCredits, added } = await engine.run((db) => summed(db, scope))
    if (added < STORE_LIMITS.entriesPerSnapshot) return microCredits
    // A snapshot a transaction, so that nobody waits long for the lock, and each is kept whatever comes of the next.
    await engine.transaction((db) => keepSum(db, scope))
  }
}

function ledgerOn(engine: Engine, observer: StoreObserver): LedgerStore {
  const transactions = gathered((jobIds: readonly JobId[]) => engine.run((db) => transactionsOfJobs(db, jobIds)))
  const reports = turns('usage and ledger', STORE_LIMITS.reportsWaitingMax)
  return {
    transactionsOf: async (jobId) => (await transactions(jobId)) ?? [],
    ledgerBefore: (projectId, before, limit) => engine.transaction((db) => ledgerBefore(db, projectId, before, limit)),
    ledgerAfter: (projectId, after, limit) => engine.transaction((db) => ledgerAfter(db, projectId, after, limit)),
    balanceOf: (projectId, of) => sumOf(engine, ofAccount(projectId, of)),
    async closeDay(projectId, day) {
      const state = await engine.run((db) => stateOfDay(db, projectId, day))
      if (state === 'over') await engine.transaction((db) => closeDay(db, projectId, day))
      return state !== 'open'
    },
    async usage(projectId, firstDay, lastDay) {
      const rows: UsageRow[] = []
      for (let day = firstDay; day <= lastDay; day += STORE_LIMITS.daysPerUsageRead) {
        const through = Math.min(lastDay, day + STORE_LIMITS.daysPerUsageRead - 1)
        rows.push(...(await reports.take(() => engine.run((db) => usage(db, projectId, day, through)))))
      }
      return rows
    },
    usedOnDay: async (projectId, mode, day) =>
      -(await sumOf(engine, ofDay(projectId, account.project(mode, projectId), day))),
    async creditNote(jobId, note) {
      const isNew = await engine.transaction((db, attempt) => creditNote(db, jobId, note, attempt))
      if (isNew) observer.credited(note.microCredits)
      return isNew
    },
  }
}

function sealsOn(engine: Engine): SealStore {
  const puts = gathered((seals: readonly SealRow[]) => engine.run((db) => sealed.putSeals(db, seals)))
  return {
    signingPeriods: () => engine.run(sealed.periodsOf),
    beginSigning: (key, atMs) => engine.transaction((db) => sealed.beginSigning(db, key, atMs)),
    unsealed: (skipped) => engine.run((db) => sealed.unsealedItems(db, skipped)),
    putSeal: async (seal) => (await puts(seal)) ?? seal,
    sealOf: gathered((items: readonly SealItem[]) => engine.run((db) => sealed.sealsOf(db, items))),
    appendToLog: (items, projectId, link) => engine.transaction((db) => sealed.appendToLog(db, items, projectId, link)),
    logOf: (item) => engine.run((db) => sealed.logOf(db, item)),
    receiptHead: (projectId) => engine.run((db) => sealed.logHead(db, projectId)),
    receiptLog: (projectId, from) => engine.run((db) => sealed.logFrom(db, projectId, from)),
    dropPartials: (endedBeforeMs, atMs) => engine.transaction((db) => sealed.dropPartials(db, endedBeforeMs, atMs)),
    forgetNetworks: (endedBeforeMs, atMs) => engine.transaction((db) => sealed.forgetNetworks(db, endedBeforeMs, atMs)),
    droppedAt: (jobId) => engine.run((db) => sealed.droppedAt(db, jobId)),
    acceptedBytes: (jobId) => engine.run((db) => sealed.acceptedBytes(db, jobId)),
  }
}

/** One batch after another, each from where the last one ended; an empty one is the end, or one that ends with `last`. */
async function* batches(
  engine: Engine,
  read: (db: Db, after: Pick<PartialRow, 'shard' | 'digest'>) => Promise<PartialRow[]>,
  first: number,
  last: number | null = null,
): AsyncIterable<PartialRow> {
  // No digest is empty: what comes after it is the first shard's.
  let after: Pick<PartialRow, 'shard' | 'digest'> | undefined = { shard: first, digest: '' as Digest }
  while (after !== undefined) {
    const from: Pick<PartialRow, 'shard' | 'digest'> = after
    const batch = await engine.run((db) => read(db, from))
    yield* batch
    after = batch.at(-1)
    if (after?.shard === last) return
  }
}

/** Thousands of jobs are no transaction: a batch each, and one that was broken off goes on when it is asked for again. */
async function noticeAll(engine: Engine, exposed: Exposed): Promise<JobId[]> {
  const resting: JobId[] = []
  let after: string | undefined = ''
  while (after !== undefined) {
    const last: string = after
    const ids = await engine.run((db) => jobsOfExecutor(db, exposed.identity, last))
    if (ids.length > 0) resting.push(...(await engine.transaction((db) => appendNotices(db, ids, exposed))))
    after = ids.at(-1)
  }
  return resting
}

const isAnswers = (writes: ShardWrites): boolean =>
  Object.entries(writes).every(([kind, { length }]) => kind === 'submissions' || kind === 'partials' || length === 0)

function joined(group: readonly ShardWrites[]): ShardWrites {
  return {
    submissions: group.flatMap((writes) => writes.submissions),
    partials: group.flatMap((writes) => writes.partials),
    verdicts: group.flatMap((writes) => writes.verdicts),
    voids: group.flatMap((writes) => writes.voids),
    quarantines: group.flatMap((writes) => writes.quarantines),
    releases: group.flatMap((writes) => writes.releases),
    standings: group.flatMap((writes) => writes.standings),
  }
}

function weight({ partials, ...others }: ShardWrites): number {
  const rows = Object.values(others).reduce((sum, some) => sum + some.length, partials.length)
  return partials.reduce((bytes, partial) => bytes + partial.bytes.length, rows * STORE_LIMITS.bytesPerRow)
}
