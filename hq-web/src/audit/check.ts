// A chain checked in the browser, page by page as the server sends it: every hash made again and held against the next. What
// that proves, and what it does not, is said in the words beside it.
import { actSchema, actsProblem, type Act } from '@forge/shared/receipt/act.ts'
import { keyListProblem, signatureProblem, signedKeyListSchema } from '@forge/shared/receipt/keys.ts'
import { linkDigest, signedLinkSchema } from '@forge/shared/receipt/link.ts'
import { get } from '../api.ts'
import type { ReadActs } from '../views/audit.tsx'
import { words } from '../words.ts'

export interface Checked {
  readonly checked: number
  /** What is wrong, in a sentence; null: nothing. */
  readonly problem: string | null
  /** The number of the act or link whose hash somebody kept; null where it is not in the chain. */
  readonly kept: number | null
}

/** Told after each page: how many are checked, of how many. */
export type Step = (checked: number, all: number) => void
export type Check = (kept: string, step: Step) => Promise<Checked>

const PAGE = 500

/** From the newest to the first; what is done meanwhile is not looked at. */
export async function checkActs(read: ReadActs, kept: string, step: Step): Promise<Checked> {
  let newer: Act | null = null
  let found: number | null = null
  let checked = 0
  for (let cursor: string | undefined; ;) {
    const page: Awaited<ReturnType<ReadActs>> = await read({ cursor, limit: PAGE })
    const acts = actSchema.array().parse(page.acts)
    const problem = actsProblem(acts, newer)
    if (problem !== null) return { checked, problem, kept: found }
    found = acts.find(({ hash }) => hash === kept)?.number ?? found
    checked += acts.length
    newer = acts.at(-1) ?? newer
    step(checked, page.length)
    if (page.next_cursor !== null) {
      cursor = page.next_cursor
      continue
    }
    const missing = newer?.number ?? 0
    return { checked, problem: missing === 0 ? null : words.audit.ended(checked, checked + missing), kept: found }
  }
}

/** From the first to the newest. */
export async function checkReceipts(kept: string, step: Step): Promise<Checked> {
  const list = signedKeyListSchema.parse(await get('/.well-known/forge-keys.json'))
  const bad = keyListProblem(list)
  if (bad !== null) return { checked: 0, problem: words.audit.tookKeys(bad), kept: null }
  let previous: string | null = null
  let found: number | null = null
  let checked = 0
  for (let cursor: string | undefined; ;) {
    const page: Awaited<ReturnType<typeof readLinks>> = await readLinks(cursor)
    for (const { digest, link } of page.links) {
      const signed = signedLinkSchema.parse(link)
      const { place, previous: before, issued_at_ms: issuedAtMs } = signed.body
      const name = `link ${place}`
      const wrong =
        linkDigest(signed.body) !== digest
          ? `${name} is not what its digest was made of`
          : place !== checked || before !== previous
            ? `${name} does not follow link ${checked - 1}`
            : signatureProblem('receipt-link.v1', signed, issuedAtMs, list.body.keys)
      if (wrong !== null) return { checked, problem: wrong, kept: found }
      if (digest === kept) found = place
      previous = digest
      checked++
    }
    step(checked, page.length)
    if (page.next_cursor !== null) {
      cursor = page.next_cursor
      continue
    }
    const isWhole = checked >= page.length
    return { checked, problem: isWhole ? null : words.audit.ended(checked, page.length), kept: found }
  }
}

const readLinks = (cursor: string | undefined) => get('/api/v0/receipts', { query: { cursor, limit: PAGE } })
