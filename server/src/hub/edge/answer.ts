// The answer of a completed job: all accepted partials reduced, the record, the price, the digests that replay it.
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { shardsOf, type PassPlan } from '@forge/shared/kernels/kernel.ts'
import { listPrice, priceReached } from '../../billing/price.ts'
import { priceListFor } from '../../billing/terms.ts'
import type { Store } from '../../store/store.ts'
import type { HubCommand } from '../core/events.ts'
import type { KeepArtifacts } from './artifacts.ts'
import type { StoredAnswer } from './hub-interface.ts'
import type { PlannedJob } from './planning.ts'
import { reductionOf } from './reduction.ts'
import { samplingKeySha256 } from '@forge/shared/verifier/sample.ts'

export interface PricedAnswer {
  /** Canonical JSON of a `StoredAnswer`. */
  readonly answer: string
  /** What the ledger settles: the price in the answer; of a `test` job the one that it would have. */
  readonly microCredits: bigint
}

/** Throws when a partial is missing, and a `PartialError` when one cannot be true. */
export async function answerOf(
  planned: PlannedJob,
  ended: Extract<HubCommand, { type: 'complete' }>,
  store: Pick<Store, 'acceptedPartials' | 'transactionsOf'>,
  keepArtifacts: KeepArtifacts,
): Promise<PricedAnswer> {
  const reduceStarted = performance.now()
  const { row, plan, contract, kernel } = planned
  const { output, outputDigest, merkleRoot, passes } = await reductionOf(planned, store)
  const wallMs = Date.now() - row.createdAtMs
  const reduceMs = performance.now() - reduceStarted
  const { policy } = contract
  const isDegraded = ended.record.status === 'degraded'
  const list = planned.priceList ?? (await priceListFor(row.id, store))
  const { credits, eur } = priceReached(planned, isDegraded, list)
  const parts = { plan: planned.planMs, tables: planned.tablesMs, reduce: reduceMs }
  const answer: StoredAnswer = {
    hub: {
      metrics: {
        wall_ms: wallMs,
        agents_used: ended.agents,
        shards: shardsOf(plan.grid),
        units: Number(plan.grid.units),
        kernel_ms: Math.round(ended.kernelMs),
        verified_shards: ended.record.checked,
        engines: ended.engines,
        parts: {
          plan: Math.round(parts.plan),
          tables: Math.round(parts.tables),
          dispatch: Math.max(0, Math.round(wallMs - parts.plan - parts.tables - parts.reduce)),
          reduce: Math.round(parts.reduce),
        },
      },
      output,
      replay: {
        root_seed: row.rootSeed,
        contract_digest: row.contractDigest,
        kernel_digest: row.kernelDigest,
        plan_digest: planned.planDigest,
        merkle_root: merkleRoot,
        output_digest: outputDigest,
        ...(passes.length > 1 ? { passes: passes.map(passView(plan.grid.shards)) } : {}),
      },
      verification: { ...ended.record, ...(policy.verify === 'spotcheck' ? publishedKey(row.samplingKey) : {}) },
    },
    billing: { credits, eur },
    warnings: ended.warnings,
  }
  const { id, projectId } = row
  const shards = shardsOf(plan.grid)
  const kept = await keepArtifacts({ id, projectId, contract, kernel, shards, hub: answer.hub })
  const whole: StoredAnswer = {
    ...answer,
    hub: { ...answer.hub, ...(kept.artifacts.length === 0 ? {} : { artifacts: kept.artifacts }) },
    warnings: [...answer.warnings, ...kept.warnings],
  }
  return { answer: canonicalJson(whole), microCredits: listPrice(planned, isDegraded, list).microCredits }
}

const publishedKey = (samplingKey: string): { sampling_key: string; sampling_key_sha256: string } => ({
  sampling_key: samplingKey,
  sampling_key_sha256: samplingKeySha256(samplingKey),
})

const passView = (shards: number) => (pass: PassPlan, index: number) => ({
  program: pass.program,
  facts: pass.facts,
  first_shard: index * shards,
  shards,
})
