// From a parsed contract to a job: kernel, args and plan, and what cannot be run refused with its own code. Nothing is
// stored here and no table is compiled.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import { jobIdSchema, type JobId, type ProjectId } from '@forge/shared/contract/ids.ts'
import { toHex } from '@forge/shared/exact/bytes.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { digestOfJson, type Digest } from '@forge/shared/exact/digest.ts'
import { isRefusal, type Kernel, type KernelPlan } from '@forge/shared/kernels/kernel.ts'
import { contractDigest } from '@forge/shared/planner/contract.ts'
import { findKernel, kernelCatalogue } from '../kernels.ts'
import { artifactFaults } from '../memory/artifacts.ts'
import type { Resolved } from '../memory/references.ts'
import type { JobReference } from '../store/memory.ts'
import type { NewJob } from '../store/store.ts'
import type { WebStore } from './deps.ts'
import { fieldErrors, invalid, parse, refuse, type Refusal } from './refusal.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'

/** A contract that this server can run. */
export interface Accepted {
  readonly contract: Contract
  readonly kernel: Kernel
  readonly plan: KernelPlan
  /** With every default filled in. */
  readonly args: unknown
  readonly references: readonly JobReference[]
  readonly requestDigest: Digest
  readonly replayOf: JobId | null
}

export interface JobMaker {
  readonly nowMs: number
  readonly newUlid: () => string
  readonly randomBytes: (count: number) => Uint8Array
}

/** Secret until the job ends; decides which shards are checked. */
const SAMPLING_KEY_BYTES = 32

/**
 * `sent` is the body that `contract` was parsed from, or that the replay of a job was asked for with; `resolved` are its
 * args with what they refer to.
 */
export function acceptContract(
  contract: Contract,
  sent: JsonValue,
  resolved: Resolved,
  replayOf: JobId | null = null,
): Accepted | Refusal {
  const { references } = resolved
  const { op } = contract
  const kernel = findKernel(op.name, op.version, op.profile)
  if (kernel === null) {
    const message = `there is: ${kernelCatalogue()}`
    return refuse('UNKNOWN_OP', `No such op; ${message}.`, { errors: [{ path: 'op', message }] })
  }
  if (op.kernel_digest !== undefined && op.kernel_digest !== kernel.digest) {
    const message = `this server runs ${kernel.digest}`
    const detail = 'The pinned kernel is not here: its bits could differ, so nothing was run.'
    return refuse('KERNEL_DIGEST_MISMATCH', detail, { errors: [{ path: 'op.kernel_digest', message }] })
  }
  const args = parse(kernel.argsSchema, resolved.args)
  if (!args.success) return invalid(fieldErrors(args.error, ['args']))
  const faults = artifactFaults(contract, kernel, args.data)
  if (faults.length > 0) return invalid(faults)
  const plan = kernel.plan(args.data)
  if (isRefusal(plan)) {
    const detail = 'Losses this large do not fit the kernel’s integers. Any one of these changes would make it fit.'
    return refuse(plan.code, detail, { errors: plan.errors })
  }
  return { contract, kernel, plan, args: args.data, references, requestDigest: requestDigest(sent, replayOf), replayOf }
}

/** Of another project's pool nothing is said but that this project has none of that name. Null when all is well. */
export async function unknownPool(
  store: Pick<WebStore, 'pool'>,
  projectId: ProjectId,
  { policy: { pool } }: Contract,
): Promise<Refusal | null> {
  if (pool === undefined || (await store.pool(projectId, pool)) !== null) return null
  return invalid([
    { path: 'policy.pool', message: 'this project has no pool of that name; GET /api/v0/pools lists them' },
  ])
}

/** A derived seed is the new job's own id: unique, recorded, and sent again as an explicit seed it gives the same bits. */
export function newJob(accepted: Accepted, projectId: ProjectId, maker: JobMaker): NewJob {
  const { contract, kernel, args, references } = accepted
  const told = references.map(({ objectId: _object, ...reference }) => reference)
  const id = jobIdSchema.parse(maker.newUlid())
  const rootSeed = contract.seed.mode === 'explicit' ? contract.seed.value : id
  return {
    id,
    projectId,
    clientJobId: contract.ctx.job_id ?? null,
    requestDigest: accepted.requestDigest,
    request: canonicalJson({
      ...contract,
      op: { ...contract.op, profile: kernel.id.profile },
      args,
      ...(told.length === 0 ? {} : { references: told }),
    }),
    ...(references.length === 0 ? {} : { references }),
    rootSeed,
    contractDigest: contractDigest(kernel, args, rootSeed, references),
    kernelDigest: kernel.digest,
    samplingKey: toHex(maker.randomBytes(SAMPLING_KEY_BYTES)),
    createdAtMs: maker.nowMs,
    deadlineAtMs: maker.nowMs + contract.policy.timeout_ms,
    replayOf: accepted.replayOf,
  }
}

/**
 * Over the body as sent, labels aside: a retry of the same bytes attaches for ever, also when a later version fills in
 * other defaults. Spelling out a default is another body.
 */
export function requestDigest(body: JsonValue, replayOf: JobId | null): Digest {
  const fields = isObject(body) ? body : {}
  const sentCtx = fields['ctx']
  const {
    trace_id: _trace,
    run_id: _run,
    stage_id: _stage,
    metadata: _metadata,
    ...ctx
  } = isObject(sentCtx) ? sentCtx : {}
  return digestOfJson('request.v1', { ...fields, ctx, ...(replayOf === null ? {} : { replay_of: replayOf }) })
}

function isObject(value: JsonValue | undefined): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
