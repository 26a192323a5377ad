// What the findings of a bundle's check come to, for whoever reads one line. Documents that agree with each other are not yet a
// result that was looked at: without a shard that was run again, the verdict says so.
import type { Checked } from './check-receipt.ts'

/** `unrun`: nothing that was found is wrong, and no shard was run again. */
export type Verdict = 'wrong' | 'unrun' | 'good'

export function verdictOf(checked: readonly Checked[]): Verdict {
  if (checked.some(({ is }) => is === 'wrong')) return 'wrong'
  return checked.some(({ name, is }) => name === 'shards' && is === 'proved') ? 'good' : 'unrun'
}
