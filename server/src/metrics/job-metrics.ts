// Jobs and money, as the store made them durable: what was registered, how it ended, and what it cost. Counted once a row,
// so that a repeated or refused write counts nothing.
import { contractSchema, VERIFY_MODES } from '@forge/shared/contract/envelope.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import { Counter, Histogram, type Registry } from 'prom-client'
import { z } from 'zod'
import type { Settled, StoreObserver } from '../store/observer.ts'
import { findKernel } from '../kernels.ts'
import { kernelName } from '@forge/shared/kernels/registry.gen.ts'
import { JOB_SECONDS } from './buckets.ts'

export interface JobMetrics {
  readonly store: Pick<StoreObserver, 'registered' | 'resumed' | 'ended' | 'credited'>
  /** The Hub holds it no more: it has ended, or it is another server's by now. */
  forgotten(id: JobId): void
}

interface Known {
  readonly op: string
  readonly verify: string
  readonly createdAtMs: number
}

/** Of a row that no version of ours reads any more. */
const UNKNOWN = 'unknown'
const labelsSchema = z.object({
  op: contractSchema.shape.op,
  policy: z.object({ verify: z.enum(VERIFY_MODES) }),
})

export function jobMetrics(registry: Registry): JobMetrics {
  const registers = [registry]
  const registered = new Counter({
    name: 'forge_jobs_registered_total',
    help: 'Jobs that were registered',
    labelNames: ['op', 'verify', 'mode'],
    registers,
  })
  const ended = new Counter({
    name: 'forge_jobs_ended_total',
    help: 'Jobs whose end became durable',
    labelNames: ['op', 'verify', 'state'],
    registers,
  })
  const duration = new Histogram({
    name: 'forge_job_duration_seconds',
    help: 'Jobs from their registration to their end',
    labelNames: ['op', 'state'],
    buckets: JOB_SECONDS,
    registers,
  })
  const money = moneyMetrics(registry)
  /** The unfinished ones: as many as the Hub holds. */
  const known = new Map<JobId, Known>()
  const store: JobMetrics['store'] = {
    registered(job, { terms }) {
      const { op, verify } = labelsOf(job.request)
      known.set(job.id, { op, verify, createdAtMs: job.createdAtMs })
      registered.inc({ op, verify, mode: terms.mode })
      money.reserved(terms.mode, terms.microCredits)
    },
    resumed(jobs) {
      for (const { id, request, createdAtMs } of jobs) known.set(id, { ...labelsOf(request), createdAtMs })
    },
    ended(id, state, finishedAtMs, settled) {
      const job = known.get(id)
      known.delete(id)
      ended.inc({ op: job?.op ?? UNKNOWN, verify: job?.verify ?? UNKNOWN, state })
      if (job !== undefined) {
        duration.observe({ op: job.op, state }, Math.max(0, finishedAtMs - job.createdAtMs) / 1_000)
      }
      if (settled !== null) money.settled(settled)
    },
    credited: money.credited,
  }
  return { store, forgotten: (id) => void known.delete(id) }
}

/** By the registry's own names: an alias, or whatever a client wrote, makes no series. */
function labelsOf(request: string): Pick<Known, 'op' | 'verify'> {
  const parsed = labelsSchema.safeParse(JSON.parse(request)).data
  const kernel = parsed && findKernel(parsed.op.name, parsed.op.version, parsed.op.profile)
  return { op: kernel ? kernelName(kernel.id) : UNKNOWN, verify: parsed?.policy.verify ?? UNKNOWN }
}

interface MoneyMetrics {
  reserved(mode: string, microCredits: bigint): void
  settled(settled: Settled): void
  credited(microCredits: bigint): void
}

function moneyMetrics(registry: Registry): MoneyMetrics {
  const counter = (name: string, help: string): Counter<'mode'> =>
    new Counter({ name, help, labelNames: ['mode'], registers: [registry] })
  const reserved = counter('forge_credits_reserved_total', 'Credits set aside for registered jobs')
  const settled = counter('forge_credits_settled_total', 'Credits that completed jobs cost; of test jobs, would have')
  const released = counter('forge_credits_released_total', 'Reserved credits that were given back at the end')
  const unbilled = counter('forge_credits_unbilled_total', 'Credits for accepted work that no client pays for')
  const noted = counter('forge_credits_noted_total', 'Credits given back by credit notes')
  return {
    reserved: (mode, microCredits) => reserved.inc({ mode }, credits(microCredits)),
    settled({ mode, priceMicroCredits, releasedMicroCredits, unbilledMicroCredits }) {
      settled.inc({ mode }, credits(priceMicroCredits))
      released.inc({ mode }, credits(releasedMicroCredits))
      unbilled.inc({ mode }, credits(unbilledMicroCredits))
    },
    credited: (microCredits) => noted.inc({ mode: 'billable' }, credits(microCredits)),
  }
}

/** For a curve: the ledger has the exact sums. */
const credits = (microCredits: bigint): number => Number(microCredits) / Number(MICRO_PER_CREDIT)
