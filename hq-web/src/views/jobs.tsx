// The jobs of a project: filters in the address, the first page as it changes, older ones by cursor, and for a project that
// has none, what a first one would be.
import { useEffect, useState } from 'preact/hooks'
import { addressOf, ApiProblem, follow, get, type Schema } from '../api.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { FirstJob } from '../parts/first-job.tsx'
import { JobTable } from '../parts/job-table.tsx'
import { More } from '../parts/more.tsx'
import { Spending } from '../parts/spending.tsx'
import { Link, navigate, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

type Summary = Schema<'ListJobsAnswer'>['jobs'][number]
const FILTERS = ['state', 'client_job_id', 'op'] as const
const PAGE = 20

/** The list at this address with one filter changed: from its first page on. */
function withFilter(query: URLSearchParams, name: (typeof FILTERS)[number], value: string): string {
  const next = new URLSearchParams()
  for (const filter of FILTERS) {
    const kept = filter === name ? value : (query.get(filter) ?? '')
    if (kept !== '') next.set(filter, kept)
  }
  return next.size === 0 ? '/jobs' : `/jobs?${next}`
}

export function JobsView({ query }: { query: URLSearchParams }) {
  useTitle(words.title(words.jobs.title))
  const session = useSession()
  const now = useNow()
  const { page, problem, reload, isLost } = useJobs(query)
  const isFiltered = FILTERS.some((name) => query.has(name))
  const isEmpty = page !== null && page.jobs.length === 0
  return (
    <>
      <div class="title">
        <h1>{words.jobs.title}</h1>
        <Link to="/jobs/new" class={isEmpty && !isFiltered ? 'btn' : 'btn main'}>
          {words.jobs.newJob}
        </Link>
      </div>
      {may(session, 'billing:read') && <Spending seen={page?.jobs[0]?.job_id} />}
      {isEmpty && !isFiltered && !query.has('cursor') ? <FirstJob /> : <Filters query={query} />}
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      <p class="cap" aria-live="polite">
        {isLost && words.jobs.lost}
      </p>
      {page !== null && page.jobs.length > 0 && <JobTable jobs={page.jobs} now={now} />}
      {isEmpty && isFiltered && (
        <section class="empty">
          <div>
            <h2>{words.jobs.none.title}</h2>
            <p>{words.jobs.none.lead}</p>
            <p class="acts">
              <Link to="/jobs" class="btn">
                {words.jobs.none.clear}
              </Link>
            </p>
          </div>
        </section>
      )}
      {page !== null && page.jobs.length > 0 && (
        <More
          to="/jobs"
          query={Object.fromEntries(
            FILTERS.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? '']] : [])),
          )}
          cursor={query.get('cursor') ?? undefined}
          next={page.next_cursor}
          first={words.jobs.newest}
          later={words.jobs.older}
          note={words.jobs.shown(page.jobs.length)}
        />
      )}
    </>
  )
}

function Filters({ query }: { query: URLSearchParams }) {
  const { all, states, findLabel, findHint, find, op, allOps } = words.jobs
  const state = query.get('state') ?? ''
  const [own, setOwn] = useState(query.get('client_job_id') ?? '')
  return (
    <div class="filt">
      <nav class="tabs" aria-label={states}>
        {(['', ...Object.keys(words.states)] as (keyof typeof words.states)[]).map((name) => (
          <Link key={name} to={withFilter(query, 'state', name)} aria-current={state === name ? 'true' : undefined}>
            {words.states[name] ?? all}
          </Link>
        ))}
      </nav>
      <form
        class="find"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          void isJob(own.trim()).then((found) =>
            navigate(found ? `/jobs/${own.trim()}` : withFilter(query, 'client_job_id', own.trim())),
          )
        }}
      >
        <label class="sr" for="own-id">
          {findLabel}
        </label>
        <input
          id="own-id"
          type="search"
          placeholder={findHint}
          value={own}
          onInput={(event) => setOwn(event.currentTarget.value)}
        />
        <button type="submit" class="btn">
          {find}
        </button>
        <label class="sr" for="op">
          {op}
        </label>
        <select
          id="op"
          value={query.get('op') ?? ''}
          onChange={(event) => navigate(withFilter(query, 'op', event.currentTarget.value))}
        >
          <option value="">{allOps}</option>
          {Object.entries(words.profiles).map(([name, said]) => (
            <option key={name} value={name}>
              {said}
            </option>
          ))}
        </select>
      </form>
    </div>
  )
}

/** An id that the server gave opens its job; anything else is looked for among the project's own ids. */
async function isJob(id: string): Promise<boolean> {
  if (!/^[0-9A-Z]{26}$/.test(id)) return false
  try {
    await get('/api/v0/jobs/{id}', { params: { id } })
    return true
  } catch (error) {
    if (error instanceof ApiProblem) return false
    throw error
  }
}

interface Page {
  readonly jobs: readonly Summary[]
  readonly next_cursor: string | null
}

/** The page of the address; the first one stays as it is now. */
function useJobs(query: URLSearchParams) {
  const filter = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? undefined]))
  const cursor = query.get('cursor') ?? undefined
  const key = query.toString()
  const { data, problem, reload } = useLoad(
    (signal) =>
      get('/api/v0/jobs', { query: { ...filter, cursor, limit: PAGE }, signal }).then((page) => ({ ...page, of: key })),
    [key],
  )
  const [isLost, setLost] = useState(false)
  const [live, setLive] = useState<{ of: string; jobs: readonly Summary[] } | null>(null)
  useEffect(() => {
    if (cursor !== undefined) return
    const known = new Map<string, Summary>()
    const take = (_: string, told: unknown): void => {
      // Of our own server, as its document says.
      const { ids, changed } = told as { ids: string[]; changed: Summary[] }
      for (const job of changed) known.set(job.job_id, job)
      setLive({ of: key, jobs: ids.flatMap((id) => known.get(id) ?? []) })
    }
    const address = addressOf('/api/v0/jobs/events', { query: { ...filter, limit: PAGE } })
    return follow(address, ['jobs'], take, undefined, setLost)
  }, [key])
  const loaded = data?.of === key ? data : null
  const page: Page | null =
    loaded === null ? null : { ...loaded, ...(live?.of === key && cursor === undefined ? { jobs: live.jobs } : {}) }
  return { page, problem, reload, isLost: isLost && cursor === undefined }
}
