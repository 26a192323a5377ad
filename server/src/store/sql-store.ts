// The store on an engine: which query each method runs, and what is one transaction. It knows neither PGlite nor Postgres.
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { ulid } from 'ulid'
import type { Engine } from './engine.ts'
import { groupCommit } from './group-commit.ts'
import { STORE_LIMITS } from './limits.ts'
import { finishJob, insertJob, jobById, unfinishedJobs, updateJob } from './queries/jobs.ts'
import { apiKeyByHash, defaultProject, insertApiKey, keysOf } from './queries/projects.ts'
import { setting, settingOrPut } from './queries/settings.ts'
import { acceptedAfter, allQuarantines, submissionsOf, verdictsOf, writeShards } from './queries/shards.ts'
import { putTable, tableByDigest, tableByKey } from './queries/tables.ts'
import type { PartialRow, ShardWrites, Store } from './store.ts'

/** `release` runs when all is closed. */
export function createStore(engine: Engine, release: () => Promise<void>): Store {
  const shards = groupCommit<ShardWrites>(
    (group) => engine.transaction((db) => writeShards(db, joined(group))),
    weight,
    STORE_LIMITS,
  )
  let closing: Promise<void> | null = null
  const close = async () => {
    await shards.idle()
    try {
      await engine.close()
    } finally {
      await release()
    }
  }
  return {
    defaultProject: () => {
      const fresh = ulid() as ProjectId
      return engine.transaction((db) => defaultProject(db, fresh))
    },
    insertApiKey: (key) => engine.transaction((db) => insertApiKey(db, key)),
    apiKeys: (projectId) => engine.run((db) => keysOf(db, projectId)),
    apiKeyByHash: (hash) => engine.run((db) => apiKeyByHash(db, hash)),

    setting: (name) => engine.run((db) => setting(db, name)),
    settingOrPut: (name, value) => engine.transaction((db) => settingOrPut(db, name, value)),

    insertJob: (job) => engine.transaction((db, attempt) => insertJob(db, job, attempt)),
    job: (id) => engine.run((db) => jobById(db, id)),
    unfinishedJobs: () => engine.run(unfinishedJobs),
    updateJob: (id, change) => engine.run((db) => updateJob(db, id, change)),
    finishJob: (id, end) => engine.transaction((db, attempt) => finishJob(db, id, end, attempt)),

    writeShards: (writes) => (weight(writes) === 0 ? Promise.resolve() : shards.write(writes)),
    submissions: (jobId) => engine.run((db) => submissionsOf(db, jobId)),
    verdicts: (jobId) => engine.run((db) => verdictsOf(db, jobId)),
    acceptedPartials: (jobId) => acceptedPartials(engine, jobId),
    quarantines: () => engine.run(allQuarantines),

    table: (key) => engine.run((db) => tableByKey(db, key)),
    tableByDigest: (digest) => engine.run((db) => tableByDigest(db, digest)),
    putTable: (key, digest, words) => engine.transaction((db) => putTable(db, key, digest, words)),

    ping: () => engine.ping(),
    close: () => (closing ??= close()),
  }
}

async function* acceptedPartials(engine: Engine, jobId: JobId): AsyncIterable<PartialRow> {
  let shard = -1
  for (;;) {
    const after = shard
    const batch = await engine.run((db) => acceptedAfter(db, jobId, after))
    yield* batch
    shard = batch.at(-1)?.shard ?? shard
    if (batch.length < STORE_LIMITS.partialsPerBatch) return
  }
}

function joined(group: readonly ShardWrites[]): ShardWrites {
  return {
    submissions: group.flatMap((writes) => writes.submissions),
    partials: group.flatMap((writes) => writes.partials),
    verdicts: group.flatMap((writes) => writes.verdicts),
    voids: group.flatMap((writes) => writes.voids),
    quarantines: group.flatMap((writes) => writes.quarantines),
  }
}

function weight(writes: ShardWrites): number {
  const { submissions, partials, verdicts, voids, quarantines } = writes
  const rows = submissions.length + partials.length + verdicts.length + voids.length + quarantines.length
  return partials.reduce((bytes, partial) => bytes + partial.bytes.length, rows * STORE_LIMITS.bytesPerRow)
}
