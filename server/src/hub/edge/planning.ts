// From a registered job to what its shards need: the plan, the compiled tables, a launch for each pass. Everything is
// recomputed from the stored contract, at registration and after a restart alike.
import { setTimeout as pause } from 'node:timers/promises'
import { PRICE_LIST, type PriceList } from '@forge/shared/billing/price-list.ts'
import type { Assignment } from '@forge/shared/contract/agent-events.ts'
import type { StoredContract } from '@forge/shared/contract/envelope.ts'
import type { Identity } from '@forge/shared/contract/ids.ts'
import type { ProblemCode } from '@forge/shared/contract/problem.ts'
import { fromHex } from '@forge/shared/exact/bytes.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import {
  isRefusal,
  passOf,
  shardsOf,
  type Kernel,
  type KernelPlan,
  type Launch,
  type PassPlan,
  type Witness,
} from '@forge/shared/kernels/kernel.ts'
import type { Refinement } from '@forge/shared/reducer/reduce.ts'
import { keyOfSeed, planDigest } from '@forge/shared/planner/contract.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import { findKernel } from '../../kernels.ts'
import type { Logger } from '../../logger.ts'
import { passesWithTime } from '../../store/sql-error.ts'
import type { JobRow, NewJob, Store, SubmissionRow, VoidedSubmission } from '../../store/store.ts'
import type { AssignmentOrder, Ending } from '../core/events.ts'
import type { JobSpec } from '../core/state.ts'
import { persistently } from './persistently.ts'
import type { Tables } from './tables.ts'

/** A pass as it runs now. */
export interface PlannedPass {
  readonly plan: PassPlan
  readonly launch: Launch
  /** Of a pass that follows from others: what each of its shards must agree with. */
  readonly witnesses: readonly Witness[] | null
}

export interface PlannedJob {
  readonly row: NewJob
  readonly contract: StoredContract
  readonly kernel: Kernel
  readonly kernelName: string
  /** With every default filled in. */
  readonly args: unknown
  readonly plan: KernelPlan
  readonly planDigest: Digest
  /** The last one of a plan that refines comes when it is planned, and again when it is planned anew. */
  readonly passes: PlannedPass[]
  /** Puts it behind the passes that were planned from the start. */
  refine(refinement: Refinement): void
  readonly tableDigests: Readonly<Record<string, Digest>>
  readonly planMs: number
  readonly tablesMs: number
  /** The price list under which it was reserved, when that is today's for certain: it was registered by this process. */
  readonly priceList: PriceList | null
}

export interface ReadyJob {
  readonly planned: PlannedJob
  readonly submissions: SubmissionRow[]
  /** Those that are void. */
  readonly voided: readonly VoidedSubmission[]
  readonly ending: Ending | null
  /** Of a replay: who answered the original. */
  readonly answeredBefore: readonly Identity[]
}

export interface UnfinishedJob extends NewJob, Pick<JobRow, 'state' | 'basis' | 'ending'> {
  /** Why it waits, as the core said it last; a new job has none. */
  readonly reason?: JobRow['reason']
  /** Its plan, of a job that this server has registered a moment ago: nothing else of it can be in the store. */
  readonly known?: ReturnType<typeof planOf>
}

export interface PlanningDeps {
  readonly store: Pick<Store, 'submissions' | 'verdicts' | 'voidedOf' | 'executorsOf'>
  readonly tables: Tables
  readonly logger: Logger
  readonly closing: AbortSignal
}

/**
 * The plan with what is durable of the job. A database that restarts or is full is waited for; rejects at the job's deadline, which
 * stands whatever holds the plan up.
 */
export async function planInTime(
  row: UnfinishedJob,
  { store, tables, logger, closing }: PlanningDeps,
): Promise<ReadyJob> {
  const leftMs = Math.max(0, row.deadlineAtMs - Date.now())
  const over = new AbortController()
  const ready = persistently(
    async () => ({
      planned: await planJob(row, tables),
      submissions: row.known !== undefined ? [] : await store.submissions(row.id),
      voided: row.known !== undefined ? [] : await store.voidedOf(row.id),
      ending: await endingOf(row, store),
      answeredBefore: row.replayOf === null ? [] : await store.executorsOf(row.replayOf),
    }),
    { what: 'planning a job', giveUpMs: leftMs, logger, closing, passes: passesWithTime },
  )
  const deadline = pause(leftMs, undefined, { signal: over.signal, ref: false }).then((): never => {
    throw new Error('the deadline came first')
  })
  try {
    return await Promise.race([ready, deadline])
  } finally {
    deadline.catch(() => undefined)
    ready.catch(() => undefined)
    over.abort()
  }
}

/** Of our own row, as `HubRows.completed` wrote it. */
async function endingOf({ id, ending }: UnfinishedJob, store: Pick<Store, 'verdicts'>): Promise<Ending | null> {
  if (ending === null) return null
  const rest: Omit<Ending, 'verdicts'> = JSON.parse(ending)
  return { ...rest, verdicts: await store.verdicts(id) }
}

/** This server does not have the kernel that a job was registered for: it was downgraded, or the kernel is gone. */
export class KernelMissing extends Error {
  override readonly name = 'KernelMissing'
}

/** Throws when the stored contract no longer has a kernel or a plan. */
export function planOf(row: NewJob): Pick<PlannedJob, 'row' | 'contract' | 'kernel' | 'args' | 'plan'> {
  // Web Core parsed it before it was stored.
  const contract: StoredContract = JSON.parse(row.request)
  const kernel = findKernel(contract.op.name, contract.op.version, contract.op.profile)
  if (kernel === null) throw new KernelMissing(`this server has no kernel for ${JSON.stringify(contract.op)}`)
  if (kernel.digest !== row.kernelDigest) {
    throw new KernelMissing(`the job was registered for kernel ${row.kernelDigest}, this server has ${kernel.digest}`)
  }
  const args = kernel.argsSchema.parse(contract.args)
  const plan = kernel.plan(args)
  if (isRefusal(plan)) throw new Error(`the stored contract cannot be planned: ${JSON.stringify(plan.errors)}`)
  return { row, contract, kernel, args, plan }
}

async function planJob(row: Pick<UnfinishedJob, 'known'> & NewJob, tables: Tables): Promise<PlannedJob> {
  const started = performance.now()
  const { contract, kernel, args, plan } = row.known ?? planOf(row)
  const planned = performance.now()
  const compiled = await Promise.all(
    Object.entries(plan.tables).map(async ([name, spec]) => ({ name, ...(await tables.compiled(spec)) })),
  )
  const tableDigests = Object.fromEntries(compiled.map(({ name, digest }) => [name, digest]))
  const words = Object.fromEntries(compiled.map((table) => [table.name, table.words]))
  const key = keyOfSeed(kernel.id, row.rootSeed)
  const passOfPlan = (pass: PassPlan, witnesses: readonly Witness[] | null): PlannedPass => {
    return { plan: pass, launch: kernel.launch(plan, pass, key, words), witnesses }
  }
  const passes = plan.passes.map((pass) => passOfPlan(pass, null))
  return {
    row,
    contract,
    kernel,
    kernelName: kernelName(kernel.id),
    args,
    plan,
    planDigest: planDigest(row.contractDigest, kernel, plan, tableDigests, contract.policy),
    passes,
    refine: ({ pass, witnesses }) => void (passes[plan.passes.length] = passOfPlan(pass, witnesses)),
    tableDigests,
    planMs: planned - started,
    tablesMs: performance.now() - planned,
    priceList: row.known !== undefined ? PRICE_LIST : null,
  }
}

/** The pass that a shard belongs to. Throws a `RangeError` when the job has no such shard or its pass is not planned. */
export function plannedPassOf({ plan, passes }: Pick<PlannedJob, 'plan' | 'passes'>, shard: number): PlannedPass {
  const pass = shard < shardsOf(plan.grid) ? passes[passOf(plan.grid, shard)] : undefined
  if (pass === undefined) throw new RangeError(`shard ${shard} belongs to no pass that is planned`)
  return pass
}

/** An assignment is of one pass; its shards are numbered through all of them. */
export function assignmentOf(planned: PlannedJob, order: AssignmentOrder): Assignment {
  const [first = 0] = order.shards
  const { launch } = plannedPassOf(planned, first)
  const { kernel, kernelName: name, plan, tableDigests } = planned
  return {
    ...order,
    kernel: name,
    kernelDigest: kernel.digest,
    program: launch.program,
    constants: [...launch.constants],
    tables: { ...tableDigests },
    units: plan.grid.units.toString(),
    unitsPerShard: plan.grid.unitsPerShard,
    passes: plan.grid.passes,
    shards: [...order.shards],
  }
}

/** What the core knows of a job; `deadlineMs` is on the clock of its events. */
export const jobSpecOf = (
  row: NewJob,
  { planned, answeredBefore }: Pick<ReadyJob, 'planned' | 'answeredBefore'>,
  deadlineMs: number,
): JobSpec => ({
  id: row.id,
  projectId: row.projectId,
  kernel: planned.kernelName,
  kernelDigest: planned.kernel.digest,
  grid: planned.plan.grid,
  refines: planned.plan.refines,
  policy: planned.contract.policy,
  deadlineMs,
  samplingKey: fromHex(row.samplingKey),
  ...(answeredBefore.length === 0 ? {} : { answeredBefore: new Set(answeredBefore) }),
})

/**
 * What its client is told of a job whose planning was given up. `beganMs` is when this server took it up: what a deadline
 * before it did to a job, no server saw, so it says no more than what the store knows.
 */
export function whyUnplanned(
  { deadlineAtMs, state, reason = null }: UnfinishedJob,
  beganMs: number,
  nowMs: number,
): readonly [ProblemCode, string] {
  if (deadlineAtMs > nowMs) return ['INTERNAL', 'The job could not be planned on this server.']
  if (deadlineAtMs > beganMs) return ['TIMED_OUT', 'The job was still being planned at its deadline.']
  const away = 'The deadline passed while the server was not running'
  if (state !== 'QUEUED') return ['TIMED_OUT', `${away}; the job had begun, and would have gone on.`]
  if (reason !== null) return ['NO_ELIGIBLE_AGENTS', `${away}. When it stopped, the job was still ${reason}.`]
  return ['TIMED_OUT', `${away}; the job had not begun.`]
}
