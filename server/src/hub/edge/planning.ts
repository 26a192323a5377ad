// From a registered job to what its shards need: the plan, the compiled tables, the launch. Everything is recomputed from
// the stored contract, at registration and after a restart alike.
import { setTimeout as pause } from 'node:timers/promises'
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { isRefusal, type Kernel, type KernelPlan, type Launch } from '@forge/shared/kernels/kernel.ts'
import { keyOfSeed, planDigest } from '@forge/shared/planner/contract.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import { findKernel } from '../../kernels.ts'
import type { Logger } from '../../logger.ts'
import { isPassing } from '../../store/sql-error.ts'
import type { NewJob, Store, SubmissionRow, VerdictRow } from '../../store/store.ts'
import { persistently } from './persistently.ts'
import type { Tables } from './tables.ts'

export interface PlannedJob {
  readonly row: NewJob
  readonly contract: Contract
  readonly kernel: Kernel
  readonly kernelName: string
  /** With every default filled in. */
  readonly args: unknown
  readonly plan: KernelPlan
  readonly planDigest: Digest
  readonly launch: Launch
  readonly tableDigests: Readonly<Record<string, Digest>>
  readonly planMs: number
  readonly tablesMs: number
}

export interface ReadyJob {
  readonly planned: PlannedJob
  readonly submissions: SubmissionRow[]
  readonly verdicts: VerdictRow[]
}

export interface PlanningDeps {
  readonly store: Pick<Store, 'submissions' | 'verdicts'>
  readonly tables: Tables
  readonly logger: Logger
  readonly closing: AbortSignal
}

/**
 * The plan with what is durable of the job. A database that restarts is waited for; rejects at the job's deadline, which
 * stands whatever holds the plan up.
 */
export async function planInTime(row: NewJob, { store, tables, logger, closing }: PlanningDeps): Promise<ReadyJob> {
  const leftMs = Math.max(0, row.deadlineAtMs - Date.now())
  const over = new AbortController()
  const ready = persistently(
    async () => ({
      planned: await planJob(row, tables),
      submissions: await store.submissions(row.id),
      verdicts: await store.verdicts(row.id),
    }),
    { what: 'planning a job', giveUpMs: leftMs, logger, closing, passes: isPassing },
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

/** Throws when the stored contract no longer has a kernel or a plan: a server that was downgraded. */
async function planJob(row: NewJob, tables: Tables): Promise<PlannedJob> {
  const started = performance.now()
  // Web Core parsed it before it was stored.
  const contract: Contract = JSON.parse(row.request)
  const kernel = findKernel(contract.op.name, contract.op.version, contract.op.profile)
  if (kernel === null) throw new Error(`this server has no kernel for ${JSON.stringify(contract.op)}`)
  if (kernel.digest !== row.kernelDigest) {
    throw new Error(`the job was registered for kernel ${row.kernelDigest}, this server has ${kernel.digest}`)
  }
  const args = kernel.argsSchema.parse(contract.args)
  const plan = kernel.plan(args)
  if (isRefusal(plan)) throw new Error(`the stored contract cannot be planned: ${JSON.stringify(plan.errors)}`)
  const [pass] = plan.passes
  if (pass === undefined) throw new Error('the plan has no pass')
  const planned = performance.now()
  const compiled = await Promise.all(
    Object.entries(plan.tables).map(async ([name, spec]) => ({ name, ...(await tables.compiled(spec)) })),
  )
  const tableDigests = Object.fromEntries(compiled.map(({ name, digest }) => [name, digest]))
  const words = Object.fromEntries(compiled.map((table) => [table.name, table.words]))
  return {
    row,
    contract,
    kernel,
    kernelName: kernelName(kernel.id),
    args,
    plan,
    planDigest: planDigest(row.contractDigest, kernel, plan, tableDigests, contract.policy),
    launch: kernel.launch(plan, pass, keyOfSeed(kernel.id, row.rootSeed), words),
    tableDigests,
    planMs: planned - started,
    tablesMs: performance.now() - planned,
  }
}
