// The bundle of a completed job, from what is stored: its receipt and all that checking it without a server needs.
import { toBase64 } from '@forge/shared/exact/bytes.ts'
import { compileTable, tableDigest, tableKey } from '@forge/shared/distributions/table.ts'
import { priceListOf } from '@forge/shared/billing/price-list.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Bundle } from '@forge/shared/receipt/bundle.ts'
import { planOf } from '../hub/edge/planning.ts'
import type { Store } from '../store/store.ts'
import { RECEIPT_LIMITS } from './limits.ts'
import type { Sealer } from './sealer.ts'

export interface BundleDeps {
  readonly store: Pick<Store, 'job' | 'verdicts' | 'acceptedPartials' | 'droppedAt' | 'table'>
  readonly sealer: Pick<Sealer, 'receiptOf' | 'linkOf' | 'noticesOf' | 'keys'>
}

/** Null when there is no such job, when it was not completed, or for the moment in which another server takes over. */
export async function bundleOf(jobId: JobId, { store, sealer }: BundleDeps): Promise<Bundle | null> {
  const row = await store.job(jobId)
  if (row === null || row.state !== 'COMPLETED' || row.answer === null) return null
  const [receipt, link] = [await sealer.receiptOf(jobId), await sealer.linkOf(jobId)]
  const keys = await sealer.keys()
  if (receipt === null || link === null || keys === null) return null
  const { contract, args, plan } = planOf(row)
  const { name, version, profile } = contract.op
  const tables: Bundle['tables'] = {}
  for (const [table, spec] of Object.entries(plan.tables)) {
    tables[table] = tableDigest((await store.table(tableKey(spec))) ?? compileTable(spec).words)
  }
  const verdicts = await store.verdicts(jobId)
  return {
    format: 'forge-pool/bundle.v1',
    receipt,
    link,
    keys,
    price_list: receipt.body.billing.price_list === null ? null : priceListOf(receipt.body.billing.price_list),
    contract: {
      op: { name, version, profile },
      // As JSON has them: what the schema of the kernel has made of them is plain data.
      args: JSON.parse(JSON.stringify(args)),
      root_seed: row.rootSeed,
      policy: contract.policy,
      references: [...(contract.references ?? [])],
    },
    tables,
    answer: JSON.parse(row.answer),
    shards: verdicts.map(({ digest, confirmations, trusted }) => [digest, confirmations, trusted]),
    ...(await partialsOf(jobId, verdicts.length, store)),
    notices: await sealer.noticesOf(jobId),
  }
}

async function partialsOf(
  jobId: JobId,
  shards: number,
  store: BundleDeps['store'],
): Promise<Pick<Bundle, 'partials' | 'partials_missing'>> {
  const dropped = { partials: null, partials_missing: 'retention' } as const
  if ((await store.droppedAt(jobId)) !== null) return dropped
  try {
    return await keptPartials(jobId, shards, store)
  } catch (error) {
    // Retention may come in between.
    if ((await store.droppedAt(jobId)) !== null) return dropped
    throw error
  }
}

async function keptPartials(
  jobId: JobId,
  shards: number,
  store: BundleDeps['store'],
): Promise<Pick<Bundle, 'partials' | 'partials_missing'>> {
  const partials: string[] = []
  let bytes = 0
  for await (const partial of store.acceptedPartials(jobId, 0, shards)) {
    bytes += partial.bytes.length
    if (bytes > RECEIPT_LIMITS.bundlePartialBytesMax) return { partials: null, partials_missing: 'size' }
    partials.push(toBase64(partial.bytes))
  }
  return { partials, partials_missing: null }
}
