// A chain checked in the browser, page by page as the server sends it: every hash made again and held against the next, and the
// whole of it against what the page shows: whose chain it is, how long, and its head. What that proves, and what it does not, is
// said in the words beside it. What cannot be read is a problem of the chain, and never the end of looking without a word.
import { actSchema, actsProblem, type Act } from '@forge/shared/receipt/act.ts'
import { keysOfList, signatureProblem, type SigningKey } from '@forge/shared/receipt/keys.ts'
import { linkDigest, signedLinkSchema } from '@forge/shared/receipt/link.ts'
import type { Schema } from '../api.ts'
import { getExactly } from '../get-exactly.ts'
import type { ReadActs } from '../views/audit.tsx'
import { words } from '../words.ts'

export interface Checked {
  readonly checked: number
  /** What is wrong, in a sentence; null: nothing. */
  readonly problem: string | null
  /** The number of the act or link whose hash somebody kept; null where it is not in the chain. */
  readonly kept: number | null
}

/** The chain that is looked at, as the page shows it. */
export interface Shown {
  /** Whose it is: a project's id, or `operator`. */
  readonly chain: string
  readonly length: number
  readonly head: string | null
}

/** Told after each page: how many are checked, of how many. */
export type Step = (checked: number, all: number) => void
export type Check = (kept: string, step: Step) => Promise<Checked>

const PAGE = 500
const say = words.audit

/** From the newest to the first; what is done meanwhile is not looked at. */
export async function checkActs(read: ReadActs, shown: Shown, kept: string, step: Step): Promise<Checked> {
  let newer: Act | null = null
  let found: number | null = null
  let checked = 0
  for (let cursor: string | undefined; ;) {
    const page: Awaited<ReturnType<ReadActs>> = await read({ cursor, limit: PAGE })
    const parsed = actSchema.array().safeParse(page.acts)
    if (!parsed.success) return { checked, problem: say.unread, kept: found }
    const acts: readonly Act[] = parsed.data
    const beginning = newer === null ? newestProblem(acts[0], page, shown) : null
    const problem = beginning ?? actsProblem(acts, newer) ?? shownProblem(acts, shown)
    if (problem !== null) return { checked, problem, kept: found }
    found = acts.find(({ hash }) => hash === kept)?.number ?? found
    checked += acts.length
    newer = acts.at(-1) ?? newer
    step(checked, page.length)
    if (page.next_cursor !== null && acts.length > 0) {
      cursor = page.next_cursor
      continue
    }
    const missing = newer?.number ?? 0
    return { checked, problem: missing === 0 ? null : say.ended(checked, checked + missing), kept: found }
  }
}

/** The chain begins where its page says, and is no shorter than the one that is shown. */
function newestProblem(
  newest: Act | undefined,
  { length, head }: Pick<Schema<'ListActsAnswer'>, 'length' | 'head'>,
  shown: Shown,
): string | null {
  const sent = newest === undefined ? 0 : newest.number + 1
  if (sent !== length) return say.otherLength(length, sent)
  if ((newest?.hash ?? null) !== head) return say.otherHead
  return length < shown.length ? say.shorter(shown.length, length) : null
}

function shownProblem(acts: readonly Act[], { chain, length, head }: Shown): string | null {
  const foreign = acts.find((act) => act.chain !== chain)
  if (foreign !== undefined) return say.foreign(`act ${foreign.number}`)
  const last = acts.find(({ number }) => number === length - 1)
  return last === undefined || last.hash === head ? null : say.otherHead
}

/** What the server is asked for. */
export interface LogSource {
  readonly keys: () => Promise<unknown>
  readonly links: (cursor: string | undefined) => Promise<Schema<'ListReceiptsAnswer'>>
}
const server: LogSource = {
  keys: () => getExactly('/.well-known/forge-keys.json'),
  links: (cursor) => getExactly('/api/v0/receipts', { query: { cursor, limit: PAGE } }),
}

/** From the first to the newest. */
export async function checkReceipts(shown: Shown, kept: string, step: Step, source = server): Promise<Checked> {
  const keys = keysOfList(await source.keys())
  if (typeof keys === 'string') return { checked: 0, problem: say.tookKeys(keys), kept: null }
  let previous: string | null = null
  let found: number | null = null
  let checked = 0
  for (let cursor: string | undefined; ;) {
    const page: Awaited<ReturnType<LogSource['links']>> = await source.links(cursor)
    for (const { digest, link } of page.links) {
      const wrong = linkProblem({ digest, link }, { place: checked, previous }, shown, keys)
      if (wrong !== null) return { checked, problem: wrong, kept: found }
      if (digest === kept) found = checked
      previous = digest
      checked++
    }
    step(checked, page.length)
    if (page.next_cursor !== null && page.links.length > 0) {
      cursor = page.next_cursor
      continue
    }
    const problem =
      checked < page.length
        ? say.ended(checked, page.length)
        : checked < shown.length
          ? say.shorter(shown.length, checked)
          : checked === page.length && previous !== page.head
            ? say.otherHead
            : null
    return { checked, problem, kept: found }
  }
}

function linkProblem(
  { digest, link }: Schema<'ListReceiptsAnswer'>['links'][number],
  behind: { readonly place: number; readonly previous: string | null },
  { chain, length, head }: Shown,
  keys: readonly SigningKey[],
): string | null {
  const signed = signedLinkSchema.safeParse(link)
  if (!signed.success) return say.unread
  const { place, previous, issued_at_ms: issuedAtMs, project_id: project } = signed.data.body
  const name = `link ${place}`
  if (linkDigest(signed.data.body) !== digest) return `${name} is not what its digest was made of`
  if (place !== behind.place || previous !== behind.previous) return `${name} does not follow link ${behind.place - 1}`
  if (project !== chain) return say.foreign(name)
  if (place === length - 1 && digest !== head) return say.otherHead
  return signatureProblem('receipt-link.v1', signed.data, issuedAtMs, keys)
}
