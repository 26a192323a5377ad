// "Check the chain": a whole chain holds, and whatever the server leaves out, puts in, mixes up or sends in no form at all is said.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { actHash, type Act } from '@forge/shared/receipt/act.ts'
import { linkDigest, signLink } from '@forge/shared/receipt/link.ts'
import { keyListOf } from '@forge/shared/receipt/bundle.fixtures.ts'
import { signerOf } from '@forge/shared/receipt/signed.ts'
import { jobIdSchema } from '@forge/shared/contract/ids.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import type { ReadActs } from '../views/audit.tsx'
import { checkActs, checkReceipts, type LogSource, type Shown } from './check.ts'

const nothing = (): void => undefined
const OTHER = digest('act.v1', utf8('another'))

/** Oldest first. */
function chainOf(length: number, chain = 'mine'): Act[] {
  const acts: Act[] = []
  for (let number = 0; number < length; number++) {
    const act = {
      chain,
      number,
      at_ms: number,
      actor: 'operator',
      type: 'key.created' as const,
      subject: null,
      data: {},
    }
    const linked = { ...act, previous: acts.at(-1)?.hash ?? null }
    acts.push({ ...linked, hash: actHash(linked) })
  }
  return acts
}

type ActsPage = Awaited<ReturnType<ReadActs>>

/** In pages of three, newest first; `said` is put over what each page says. */
function pagesOf(acts: readonly Act[], said: Partial<ActsPage> = {}): ReadActs {
  const newest = acts.toReversed()
  return ({ cursor }) => {
    const from = cursor === undefined ? 0 : newest.findIndex(({ number }) => number < Number(cursor))
    const page = newest.slice(from, from + 3)
    const last = page.at(-1)
    const next_cursor = from + 3 < newest.length && last !== undefined ? String(last.number) : null
    return Promise.resolve({
      ok: true,
      length: acts.length,
      head: newest[0]?.hash ?? null,
      acts: page,
      next_cursor,
      ...said,
    })
  }
}
const shownOf = (acts: readonly Act[], chain = 'mine'): Shown => ({
  chain,
  length: acts.length,
  head: acts.at(-1)?.hash ?? null,
})
const problemOf = async (read: ReadActs, shown: Shown) => (await checkActs(read, shown, '', nothing)).problem

describe('acts', () => {
  test('a whole chain of any length holds, also when it grew since it was shown, and says where a kept head is', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 4 }), async (length, more) => {
        const acts = chainOf(length + more)
        const shown = shownOf(acts.slice(0, length))
        const kept = acts[0]?.hash ?? ''
        expect(await checkActs(pagesOf(acts), shown, kept, nothing)).toEqual({
          checked: length + more,
          problem: null,
          kept: acts.length === 0 ? null : 0,
        })
      }),
    ))

  test('a length and a head without acts are no chain', async () => {
    const acts = chainOf(5)
    expect(await problemOf(pagesOf(acts, { acts: [], next_cursor: null }), shownOf(acts))).toMatch(/are 5, and sent 0/)
    expect(await problemOf(pagesOf([]), shownOf(acts))).toMatch(/5 are shown/)
    expect(await problemOf(pagesOf([], { next_cursor: '7' }), shownOf([]))).toBeNull()
  })

  test('acts of another project are not the chain that was asked for', async () => {
    const foreign = chainOf(7, 'theirs')
    expect(await problemOf(pagesOf(foreign), shownOf(foreign))).toMatch(/act 6 is of another chain than/)
    expect(await problemOf(pagesOf(chainOf(1, 'theirs'), { length: 7, head: OTHER }), shownOf(foreign))).not.toBeNull()
  })

  test('the newest act is the one that the page names', async () => {
    const acts = chainOf(7)
    expect(await problemOf(pagesOf(acts, { head: OTHER }), shownOf(acts))).toMatch(/head that is shown/)
    expect(await problemOf(pagesOf(acts, { length: 8 }), shownOf(acts))).toMatch(/are 8, and sent 7/)
    expect(await problemOf(pagesOf(acts), { ...shownOf(acts), head: OTHER })).toMatch(/head that is shown/)
    expect(await problemOf(pagesOf(acts.slice(0, 6)), shownOf(acts))).toMatch(/7 are shown.*only 6/)
  })

  test('what cannot be read is a problem', async () => {
    const acts = chainOf(4)
    for (const sent of [[{ number: 'four' }], [null], 'acts'] as never[])
      expect(await problemOf(pagesOf(acts, { acts: sent }), shownOf(acts))).toMatch(/cannot be read/)
  })
})

const signer = signerOf(new Uint8Array(32).fill(7))
const jobId = jobIdSchema.parse('01ARZ3NDEKTSV4RRFFQ69G5FAV')
const keyList = keyListOf(signer)
type LinksPage = Awaited<ReturnType<LogSource['links']>>

function logOf(length: number, project = 'mine'): LinksPage['links'] {
  const links: LinksPage['links'] = []
  for (let place = 0; place < length; place++) {
    const about = { project_id: project, place, job_id: jobId, kind: 'receipt' as const, number: 0 }
    const previous = links.at(-1)?.digest ?? null
    const link = signLink(
      { ...about, document: OTHER, previous: previous as typeof OTHER | null, issued_at_ms: 1 },
      signer,
    )
    links.push({ digest: linkDigest(link.body), link })
  }
  return links
}
const sourceOf = (links: LinksPage['links'], said: Partial<LinksPage> = {}): LogSource => ({
  keys: () => Promise.resolve(keyList),
  links: () => {
    const page = {
      ok: true as const,
      length: links.length,
      head: links.at(-1)?.digest ?? null,
      links,
      next_cursor: null,
    }
    return Promise.resolve({ ...page, ...said })
  },
})
const logShown = (links: LinksPage['links'], chain = 'mine'): Shown => ({
  chain,
  length: links.length,
  head: links.at(-1)?.digest ?? null,
})

describe('links', () => {
  const problem = async (source: LogSource, shown: Shown) => (await checkReceipts(shown, '', nothing, source)).problem

  test('a whole log holds, also when it grew', async () => {
    const links = logOf(4)
    expect(await problem(sourceOf(links), logShown(links))).toBeNull()
    expect(await problem(sourceOf(links), logShown(links.slice(0, 2)))).toBeNull()
    expect(await problem(sourceOf([]), logShown([]))).toBeNull()
  })

  test('another project’s log, another head, or less than is shown, is not the log that was asked for', async () => {
    const links = logOf(4)
    expect(await problem(sourceOf(logOf(4, 'theirs')), logShown(links))).toMatch(/link 0 is of another chain/)
    expect(await problem(sourceOf(links, { head: OTHER }), logShown(links))).toMatch(/head that is shown/)
    expect(await problem(sourceOf(links), { ...logShown(links), head: OTHER })).toMatch(/head that is shown/)
    expect(await problem(sourceOf(links.slice(0, 3)), logShown(links))).toMatch(/4 are shown.*only 3/)
    expect(await problem(sourceOf([], { length: 4 }), logShown(links))).not.toBeNull()
  })

  test('what cannot be read is a problem', async () => {
    const links = logOf(2)
    const bad = [{ digest: OTHER, link: {} }] as unknown as LinksPage['links']
    expect(await problem(sourceOf(bad), logShown(links))).toMatch(/cannot be read/)
    expect(await problem({ ...sourceOf(links), keys: () => Promise.resolve({}) }, logShown(links))).toMatch(
      /list of keys/,
    )
  })
})
