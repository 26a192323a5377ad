// What the page and the worker that verifies say to each other.
import type { Checked } from '@forge/shared/receipt/check-receipt.ts'
import type { RerunStep } from '@forge/shared/receipt/check-shards.ts'
import type { Problem } from '../api.ts'

export interface ToVerifier {
  readonly jobId: string
  /** The body of the receipt that the page shows. */
  readonly receipt: object
  /** How many shards are run again. */
  readonly shards: number
}

export type FromVerifier =
  | { readonly kind: 'step'; readonly step: RerunStep }
  | { readonly kind: 'done'; readonly checked: readonly Checked[] }
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** The server's list of keys is no such list. */
  | { readonly kind: 'no-keys'; readonly says: string }
