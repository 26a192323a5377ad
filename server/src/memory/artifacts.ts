// What a completed job writes into its project's memory, where its contract asks for it: parts of the answer as blobs, arrays
// of the output into VMem, an entry of KV that says where they are. All of it is there before the job is seen to be
// completed, and writing it again, after a restart, writes the same. What does not fit is a warning, never a failed job.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { FieldError } from '@forge/shared/contract/problem.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { arrayToBytes } from '@forge/shared/exact/typed-array.ts'
import type { Kernel } from '@forge/shared/kernels/kernel.ts'
import type { Logger } from '../logger.ts'
import type { JobReads } from '../store/job-reads.ts'
import type { CompletedJob, KeepArtifacts, KeptArtifact } from '../hub/edge/artifacts.ts'
import { passesWithTime } from '../store/sql-error.ts'
import { jobLabels } from '../trace.ts'
import { Refusal } from '../web-core/refusal.ts'
import type { AgentAlias } from '../web-core/agent-alias.ts'
import { bodyOf, keepBlob, type BlobDeps } from './blob/put-blob.ts'
import { putEntries } from './kv/put-kv.ts'
import { sealArray } from './vmem/put-vmem.ts'
import { vmemRef } from './vmem/vmem-views.ts'

/** Shards whose executions are read at once. */
const SHARDS_PER_READ = 1_000

export interface ArtifactDeps extends BlobDeps {
  readonly store: BlobDeps['store'] & Pick<JobReads, 'attemptsOf'>
  readonly logger: Logger
  /** The name under which a project knows an agent. */
  readonly agentAlias: AgentAlias
}

/** What a contract asks for and cannot have, before it is registered. */
export function artifactFaults({ artifacts = {} }: Contract, kernel: Kernel, args: unknown): FieldError[] {
  const { persist, include, kv_namespace: namespace, vmem = [] } = artifacts
  const wantsSome = (include ?? []).length > 0 || namespace !== undefined || vmem.length > 0
  if (persist !== true && wantsSome) {
    return [{ path: 'artifacts.persist', message: 'must be true, or nothing of what is asked for is written' }]
  }
  if (persist === true && include !== undefined && !wantsSome) {
    const message = 'names nothing to write: leave it out for result_json, or name some of what there is'
    return [{ path: 'artifacts.include', message }]
  }
  const there = Object.keys(kernel.arrays ?? {}).join(', ') || 'none'
  return vmem.flatMap(({ array }, i) => {
    const known = kernel.arrays?.[array]
    const message =
      known === undefined ? `there is no such array of this profile; there are: ${there}` : known.missing(args)
    return message === null ? [] : [{ path: `artifacts.vmem.${i}.array`, message }]
  })
}

export function createKeepArtifacts(deps: ArtifactDeps): KeepArtifacts {
  return async (job) => {
    const { persist, include, kv_namespace: namespace, vmem = [] } = job.contract.artifacts ?? {}
    if (persist !== true) return { artifacts: [], warnings: [] }
    const artifacts: KeptArtifact[] = []
    const warnings: string[] = []
    const keep = async (what: string, write: () => Promise<KeptArtifact | Refusal>): Promise<void> => {
      const kept = await tried(what, job, write, deps)
      if (typeof kept === 'string') warnings.push(kept)
      else artifacts.push(kept)
    }
    // An array alone is asked for by its name; otherwise the result is what persisting means.
    for (const part of include ?? (vmem.length > 0 ? [] : (['result_json'] as const))) {
      await keep(part, () => keepPart(part, job, deps))
    }
    for (const { array, name } of vmem) await keep(`the array ${array}`, () => keepArray(array, name, job, deps))
    if (namespace !== undefined) {
      const value = { status: 'COMPLETED', replay: job.hub.replay, artifacts: [...artifacts] }
      await keep('the KV entry', () => keepEntry(namespace, value, job, deps))
    }
    return { artifacts, warnings }
  }
}

async function tried(
  what: string,
  { id, contract }: CompletedJob,
  write: () => Promise<KeptArtifact | Refusal>,
  { logger }: ArtifactDeps,
): Promise<KeptArtifact | string> {
  try {
    const kept = await write()
    return kept instanceof Refusal ? `${what} was not kept (${kept.problem.code}): ${kept.problem.detail}` : kept
  } catch (error) {
    // A store that is away for a moment is waited for by the caller, who begins again.
    if (passesWithTime(error)) throw error
    logger.error({ ...jobLabels(id, contract.ctx.trace_id), err: error }, 'an artifact was not kept')
    return `${what} was not kept: the server could not write it`
  }
}

type Part = 'result_json' | 'executions_json' | 'metrics_json'
const FILES: Readonly<Record<Part, string>> = {
  result_json: 'result.json',
  executions_json: 'executions.json',
  metrics_json: 'metrics.json',
}

async function keepPart(part: Part, job: CompletedJob, deps: ArtifactDeps): Promise<KeptArtifact | Refusal> {
  const name = `jobs/${job.id}/${FILES[part]}`
  const bytes =
    part === 'executions_json'
      ? executions(job, deps)
      : bodyOf(utf8(canonicalJson(part === 'result_json' ? job.hub.output : job.hub.metrics)))
  const contentType = 'application/json'
  const sent = {
    name,
    contentType,
    ttlMs: null,
    condition: { kind: 'always' },
    digests: [],
    length: null,
    body: bytes,
  } as const
  const row = await keepBlob(job.projectId, sent, deps)
  return row instanceof Refusal ? row : { kind: 'blob', name, sha256: row.sha256 }
}

/** Every stored answer, an array of them, a shard at a time and never all in memory. */
async function* executions(
  { id, projectId, shards }: CompletedJob,
  { store, agentAlias }: ArtifactDeps,
): AsyncIterable<Uint8Array> {
  const alias = await agentAlias(projectId)
  let before = '['
  for (let first = 0; first < shards; first += SHARDS_PER_READ) {
    for (const attempt of await store.attemptsOf(id, first, Math.min(first + SHARDS_PER_READ, shards))) {
      const { executor, isVoid, ...told } = attempt
      yield utf8(before + canonicalJson({ ...told, void: isVoid, agent: alias(executor) }))
      before = ','
    }
  }
  yield utf8(before === '[' ? '[]' : ']')
}

async function keepArray(
  array: string,
  name: string,
  { projectId, kernel, hub }: CompletedJob,
  deps: ArtifactDeps,
): Promise<KeptArtifact | Refusal> {
  const known = kernel.arrays?.[array]
  if (known === undefined) throw new Error(`the profile has no array ${array}`)
  const { dtype, shape, values } = known.of(hub.output)
  const row = await sealArray(
    projectId,
    { name, dtype, shape, digests: [], body: bodyOf(arrayToBytes(dtype, values)) },
    deps,
  )
  return row instanceof Refusal ? row : { kind: 'vmem', array, ref: vmemRef(row), digest: row.digest }
}

async function keepEntry(
  namespace: string,
  value: object,
  { id, projectId }: CompletedJob,
  deps: ArtifactDeps,
): Promise<KeptArtifact | Refusal> {
  const entry = { key: id, value, condition: { kind: 'always' }, path: 'artifacts.kv_namespace' } as const
  const written = await putEntries(projectId, namespace, [entry], deps)
  return written instanceof Refusal ? written : { kind: 'kv', namespace, key: id }
}
