// The answer of a completed job: all accepted partials reduced, the record, the price, the digests that replay it.
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import { multiply, rational } from '@forge/shared/exact/rational.ts'
import { shardsOf, type PassPlan } from '@forge/shared/kernels/kernel.ts'
import { priceOf } from '../../billing/price.ts'
import type { Store } from '../../store/store.ts'
import type { HubCommand } from '../core/events.ts'
import type { StoredAnswer } from './hub-interface.ts'
import type { PlannedJob } from './planning.ts'
import { reductionOf } from './reduction.ts'
import { samplingKeySha256 } from '../sampling-key.ts'

/** Canonical JSON of a `StoredAnswer`. Throws when a partial is missing, and a `PartialError` when one cannot be true. */
export async function answerOf(
  planned: PlannedJob,
  ended: Extract<HubCommand, { type: 'complete' }>,
  store: Pick<Store, 'acceptedPartials'>,
): Promise<string> {
  const reduceStarted = performance.now()
  const { row, kernel, plan, contract } = planned
  const { output, outputDigest, merkleRoot, passes } = await reductionOf(planned, store)
  const wallMs = Date.now() - row.createdAtMs
  const reduceMs = performance.now() - reduceStarted
  const { policy, ctx } = contract
  const { credits, eur } = priceOf({
    profile: kernel.id,
    iterations: plan.grid.units,
    drawsPerUnit: multiply(plan.drawsPerUnit, rational(BigInt(plan.grid.passes))),
    // A job whose checks could not be placed pays for the level that was reached.
    verify: ended.record.status === 'degraded' ? 'none' : policy.verify,
    spotcheckRate: policy.spotcheck_rate,
    mode: ctx.billing.mode,
  })
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
  return canonicalJson(answer)
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
