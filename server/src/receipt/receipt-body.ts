// From what is stored of an ended job to the body of its receipt. It is a function of rows that no longer change, and of the
// time of signing; what cannot be read back as a receipt is a bug and throws.
import { MICRO_PER_CREDIT } from '@forge/shared/billing/price.ts'
import type { Contract } from '@forge/shared/contract/envelope.ts'
import { receiptSchema, shardsDigest, type Receipt } from '@forge/shared/receipt/receipt.ts'
import { workOf } from '../billing/price.ts'
import type { StoredAnswer } from '../hub/edge/hub-interface.ts'
import { KernelMissing, planOf } from '../hub/edge/planning.ts'
import { answerDigest } from '../store/event-data.ts'
import type { LedgerTransaction } from '../store/ledger-store.ts'
import { settledSchema, termsOfDetail } from '../store/queries/ledger.ts'
import type { JobRow, VerdictRow } from '../store/store.ts'

export interface EndedJob {
  readonly row: JobRow
  readonly verdicts: readonly VerdictRow[]
  readonly transactions: readonly LedgerTransaction[]
}

export function receiptBody(ended: EndedJob, issuedAtMs: number): Receipt {
  const { row } = ended
  const contract: Contract = JSON.parse(row.request)
  const { name, version, profile } = contract.op
  const answer: StoredAnswer | null = row.answer === null ? null : JSON.parse(row.answer)
  return receiptSchema.parse({
    format: 'forge-pool/receipt.v1',
    job_id: row.id,
    project_id: row.projectId,
    state: row.state,
    created_at_ms: row.createdAtMs,
    finished_at_ms: row.finishedAtMs,
    issued_at_ms: issuedAtMs,
    op: { name, version, profile },
    root_seed: row.rootSeed,
    request_digest: row.requestDigest,
    contract_digest: row.contractDigest,
    kernel_digest: row.kernelDigest,
    plan_digest: row.planDigest,
    policy: contract.policy,
    result: answer === null ? null : resultOf(ended, answer),
    problem: row.problem?.code ?? null,
    billing: billingOf(ended, contract, answer),
  } satisfies Record<keyof Receipt, unknown>)
}

const resultOf = ({ row, verdicts }: EndedJob, { hub }: StoredAnswer): object => ({
  shards: hub.verification.shards,
  merkle_root: hub.replay.merkle_root,
  shards_digest: shardsDigest(verdicts),
  output_digest: hub.replay.output_digest,
  answer_digest: answerDigest(row.answer ?? ''),
  verification: hub.verification,
})

function billingOf(
  { row, transactions }: EndedJob,
  { ctx }: Contract,
  answer: StoredAnswer | null,
): Record<keyof Receipt['billing'], unknown> {
  const reserved = transactions.find(({ kind }) => kind === 'reserve')
  const settled = transactions.find(({ kind }) => kind === 'settle')
  const { mode } = ctx.billing
  const credits = answer?.billing.credits ?? 0
  // Of a job of before there was a ledger the answer alone knows it: a multiple of 0.01, so this is exact.
  const answered = BigInt(Math.round(credits * Number(MICRO_PER_CREDIT)))
  const paid = settled === undefined ? answered : settledSchema.parse(JSON.parse(settled.detail)).price
  return {
    mode,
    credits,
    eur: answer?.billing.eur ?? 0,
    micro_credits: String(mode === 'test' ? 0n : paid),
    price_list: reserved === undefined ? null : termsOfDetail(reserved.detail).priceList,
    work: answer === null ? null : workOfRow(row, answer.hub.verification.status === 'degraded'),
  }
}

/** Null when this version lacks the kernel, which is then for a later one to say. */
function workOfRow(row: JobRow, isDegraded: boolean): Receipt['billing']['work'] {
  try {
    const { iterations, drawsPerUnit, verify, spotcheckRate } = workOf(planOf(row))
    const { numerator, denominator } = drawsPerUnit
    return {
      iterations: String(iterations),
      draws_per_iteration: { numerator: String(numerator), denominator: String(denominator) },
      verify: isDegraded ? 'none' : verify,
      spotcheck_rate: spotcheckRate,
    }
  } catch (error) {
    if (error instanceof KernelMissing) return null
    throw error
  }
}
