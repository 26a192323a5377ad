// By which price list a job is billed: the one under which it was reserved, so that a list that changes between a job's
// registration and its end changes nothing for it.
import { PRICE_LIST, priceListOf, type PriceList } from '@forge/shared/billing/price-list.ts'
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { Terms } from '../store/ledger-store.ts'
import { termsOfDetail } from '../store/queries/ledger.ts'
import type { Store } from '../store/store.ts'

/** Null for a job of before there was a ledger. */
export async function termsOfJob(jobId: JobId, store: Pick<Store, 'transactionsOf'>): Promise<Terms | null> {
  const [reserved] = await store.transactionsOf(jobId)
  return reserved?.kind === 'reserve' ? termsOfDetail(reserved.detail) : null
}

/** Today's, for a job of before there was a ledger. Throws when this version lacks the list: it was downgraded. */
export async function priceListFor(jobId: JobId, store: Pick<Store, 'transactionsOf'>): Promise<PriceList> {
  const terms = await termsOfJob(jobId, store)
  if (terms === null) return PRICE_LIST
  const list = priceListOf(terms.priceList)
  if (list === null) throw new Error(`this version lacks the price list ${terms.priceList}`)
  return list
}
