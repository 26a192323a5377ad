// Rows for the store's tests, the shortest that say something; what a test is about it passes in as a change.
import { randomBytes } from 'node:crypto'
import type { Identity, JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { digest, type Digest } from '@forge/shared/exact/digest.ts'
import { ulid } from 'ulid'
import type { MemoryQuota } from './memory.ts'
import type { NewJob, PartialRow, ShardWrites, Store, SubmissionRow, VerdictRow } from './store.ts'

export const digestOf = (text: string): Digest => digest('artifact.v1', utf8(text))
export const identityOf = (text: string) => digest('identity.v1', utf8(text)) as string as Identity

export function aJob(projectId: ProjectId, change: Partial<NewJob> = {}): NewJob {
  return {
    id: ulid() as JobId,
    projectId,
    clientJobId: null,
    requestDigest: digestOf('request'),
    request: '{"op":{"name":"mc"}}',
    rootSeed: 'seed',
    contractDigest: digestOf('contract'),
    kernelDigest: digestOf('kernel'),
    samplingKey: randomBytes(32).toString('hex'),
    createdAtMs: 1_790_000_000_000,
    deadlineAtMs: 1_790_000_600_000,
    replayOf: null,
    ...change,
  }
}

export const aSubmission = (jobId: JobId, shard: number, change: Partial<SubmissionRow> = {}): SubmissionRow => ({
  jobId,
  shard,
  executor: identityOf('first'),
  role: 'first',
  engine: 'wasm',
  trusted: false,
  tier: 'probation',
  network: '192.0.2.0/24',
  owner: null,
  distinctNetwork: false,
  digest: digestOf(`shard ${shard}`),
  ...change,
})
export const aPartial = (jobId: JobId, shard: number, bytes: Uint8Array = Uint8Array.of(shard & 0xff)): PartialRow => ({
  jobId,
  shard,
  digest: digestOf(`shard ${shard}`),
  bytes,
})
export const aVerdict = (jobId: JobId, shard: number, change: Partial<VerdictRow> = {}): VerdictRow => ({
  jobId,
  shard,
  digest: digestOf(`shard ${shard}`),
  confirmations: 1,
  trusted: false,
  ...change,
})
export const NO_QUOTA: MemoryQuota = {
  kvKeys: null,
  kvBytes: null,
  blobs: null,
  blobBytes: null,
  vmemArrays: null,
  vmemBytes: null,
}

export const noWrites: ShardWrites = {
  submissions: [],
  partials: [],
  verdicts: [],
  voids: [],
  quarantines: [],
  releases: [],
  standings: [],
}

/** All that makes these shards accepted. */
export function accepted(jobId: JobId, shards: readonly number[], bytesEach = 1): ShardWrites {
  return {
    ...noWrites,
    submissions: shards.map((shard) => aSubmission(jobId, shard)),
    partials: shards.map((shard) => aPartial(jobId, shard, new Uint8Array(bytesEach).fill(shard & 0xff))),
    verdicts: shards.map((shard) => aVerdict(jobId, shard)),
  }
}

/** All that is accepted, and the end. */
export async function complete(store: Store, jobId: JobId, writes: ShardWrites): Promise<void> {
  await store.writeShards(writes)
  await store.finishJob(jobId, { state: 'COMPLETED', answer: '{}', finishedAtMs: 1_790_000_000_009 })
}

export const acceptedOf = (store: Store, jobId: JobId, first = 0, end = 65_536): Promise<PartialRow[]> =>
  collected(store.acceptedPartials(jobId, first, end))

export async function collected(stream: AsyncIterable<PartialRow>): Promise<PartialRow[]> {
  const rows: PartialRow[] = []
  for await (const row of stream) rows.push(row)
  return rows
}
