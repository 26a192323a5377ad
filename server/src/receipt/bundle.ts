// The bundle of a completed job, from what is stored: its receipt and all that checking it without a server needs. Partials
// are most of it, so they are read as they are sent: however large bundles are and however slowly they are fetched, some
// megabytes of each are in memory.
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
  readonly store: Pick<Store, 'job' | 'verdicts' | 'acceptedPartials' | 'acceptedBytes' | 'droppedAt' | 'table'>
  readonly sealer: Pick<Sealer, 'receiptOf' | 'linkOf' | 'noticesOf' | 'keys'>
}

/**
 * Its JSON, in pieces that are made as they are asked for. Null when there is no such job, when it was not completed, or for
 * the moment in which another server takes over. Retention that comes in between breaks it off: asked for again it says so.
 */
export async function bundleOf(jobId: JobId, deps: BundleDeps): Promise<AsyncGenerator<string> | null> {
  const found = await withoutPartials(jobId, deps)
  if (found === null) return null
  const missing = await missingPartials(jobId, deps.store)
  return pieces(jobId, found, missing, deps.store)
}

type Partials = Pick<Bundle, 'partials' | 'partials_missing'>

async function* pieces(
  jobId: JobId,
  rest: Omit<Bundle, keyof Partials>,
  missing: Partials['partials_missing'],
  store: BundleDeps['store'],
): AsyncGenerator<string> {
  const open = JSON.stringify({ ...rest, partials_missing: missing }).slice(0, -1)
  if (missing !== null) {
    yield `${open},"partials":null}`
    return
  }
  let piece = `${open},"partials":[`
  let comma = ''
  for await (const { bytes } of store.acceptedPartials(jobId, 0, rest.shards.length)) {
    piece += `${comma}"${toBase64(bytes)}"`
    comma = ','
    if (piece.length < RECEIPT_LIMITS.bundlePieceCharactersMin) continue
    yield piece
    piece = ''
  }
  yield `${piece}]}`
}

async function missingPartials(jobId: JobId, store: BundleDeps['store']): Promise<Partials['partials_missing']> {
  if ((await store.droppedAt(jobId)) !== null) return 'retention'
  return (await store.acceptedBytes(jobId)) > RECEIPT_LIMITS.bundlePartialBytesMax ? 'size' : null
}

async function withoutPartials(
  jobId: JobId,
  { store, sealer }: BundleDeps,
): Promise<Omit<Bundle, keyof Partials> | null> {
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
    notices: await sealer.noticesOf(jobId),
  }
}
