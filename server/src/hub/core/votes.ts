// A dispute in a pool without a referee: veterans of distinct groups run the shard until three of them agree and lead
// every other answer by two, or five have run it. Fresh keys have no vote.
import type { Digest } from '@forge/shared/exact/digest.ts'
import { VOTES_LEAD, VOTES_MAX, VOTES_TO_WIN } from './limits.ts'
import { isWeighty } from './standing.ts'
import type { Shard } from './state.ts'

export type Vote = { readonly decided: Digest } | 'open' | 'hung'

export function voteOn({ submissions }: Pick<Shard, 'submissions'>): Vote {
  const votes = new Map<Digest, number>()
  // With the network rule each group has one vote: a checker from a group that has run the shard is never asked.
  const weighty = submissions.filter(({ tier }) => isWeighty(tier))
  for (const { digest } of weighty) votes.set(digest, (votes.get(digest) ?? 0) + 1)
  const [first, second] = [...votes].toSorted(([, a], [, b]) => b - a)
  if (first !== undefined && first[1] >= VOTES_TO_WIN && first[1] - (second?.[1] ?? 0) >= VOTES_LEAD) {
    return { decided: first[0] }
  }
  return weighty.length >= VOTES_MAX ? 'hung' : 'open'
}
