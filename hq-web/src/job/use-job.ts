// All that a job's page shows, as it is now: the job, its request, its events and shards, and when it has ended its receipt.
// One stream of events tells when to look again. Job and shards are read and shown together, so that state, counts and map say
// the same; shards are read in pages, those that may still change once more.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { useAgain } from '../again.ts'
import { addressOf, ApiProblem, follow, get, type Problem, type Schema } from '../api.ts'
import { looksOf, type Looks } from './looks.ts'
import { isOpen, type Shard } from './shards.ts'

/** As every route shows a job. */
export type Job = Schema<'ExecuteAnswer'>
export type JobRequest = Schema<'GetJobRequestAnswer'>
export type Receipt = Schema<'GetJobReceiptAnswer'>

export interface JobEvent {
  readonly name: string
  readonly at: string
  readonly state?: Job['status']
}

export interface JobData {
  readonly job: Job | null
  readonly request: JobRequest | null
  readonly receipt: Receipt | null
  readonly events: readonly JobEvent[]
  readonly shards: readonly Shard[]
  /** Of all passes; null until the first page is there. */
  readonly total: number | null
  readonly problem: Problem | null
  readonly reload: () => void
}

const EVENTS = ['registered', 'state', 'voided', 'basis', 'completed', 'failed', 'cancelled', 'notice', 'progress']
const PAGE = 500
/** Between two looks at what goes on, and so many times what a look takes where there is much to look at. */
const LOOK_MS = 500
const LOOK_SHARE = 4
/** What no event tells of, a lost stream among it. */
const QUIET_MS = 2_000
/** Events within this are answered with one look. */
const GATHER_MS = 60
/** The receipt is signed a moment after the end. */
const RECEIPT_MS = 1_000

export const hasEnded = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED'

interface Seen {
  readonly job: Job | null
  readonly request: JobRequest | null
  readonly shards: readonly Shard[]
  readonly total: number | null
}

export function useJob(id: string): JobData {
  const [seen, setSeen] = useState<Seen>({ job: null, request: null, shards: [], total: null })
  const [events, setEvents] = useState<readonly JobEvent[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)
  const looks = useRef<Looks | null>(null)
  const failed = useCallback((error: unknown) => {
    if (error instanceof DOMException) return
    if (!(error instanceof ApiProblem)) throw error
    setProblem(error.problem)
  }, [])
  const reload = useCallback(() => looks.current?.soon(0), [])

  useEffect(() => {
    const over = new AbortController()
    const look = lookAt(id, over.signal, setSeen)
    let lookMs = LOOK_MS
    const own = looksOf(() => {
      const begun = performance.now()
      return look().then((isEnded) => {
        lookMs = Math.max(LOOK_MS, LOOK_SHARE * (performance.now() - begun))
        setProblem(null)
        if (!isEnded) own.soon(QUIET_MS)
      }, failed)
    })
    looks.current = own
    own.soon(0)
    let isOver = false
    setEvents([])
    const heard = (name: string, data: unknown): void => {
      if (name === 'progress') return own.soon(lookMs)
      // Of our own server, as its document says.
      setEvents((before) => [...before, { name, ...(data as Omit<JobEvent, 'name'>) }])
      isOver ||= name === 'completed' || name === 'failed' || name === 'cancelled'
      // The events of the past come all at once.
      own.soon(GATHER_MS)
    }
    const stop = follow(addressOf('/api/v0/jobs/{id}/events', { params: { id } }), EVENTS, heard, () => isOver)
    return () => {
      stop()
      own.stop()
      over.abort()
    }
  }, [id])

  useAgain(problem, reload)
  const receipt = useReceipt(id, seen.job !== null && hasEnded(seen.job))
  return { ...seen, receipt, events, problem, reload }
}

function useReceipt(id: string, ended: boolean): Receipt | null {
  const [receipt, setReceipt] = useState<Receipt | null>(null)
  useEffect(() => {
    if (!ended || receipt !== null) return
    const over = new AbortController()
    let again: ReturnType<typeof setTimeout> | undefined
    const ask = (): void => {
      get('/api/v0/jobs/{id}/receipt', { params: { id }, signal: over.signal }).then(setReceipt, (error: unknown) => {
        // Not signed yet, or the server is away for a moment.
        if (error instanceof ApiProblem) again = setTimeout(ask, RECEIPT_MS)
      })
    }
    ask()
    return () => {
      over.abort()
      clearTimeout(again)
    }
  }, [id, ended])
  return receipt
}

interface ShardPage {
  readonly shards: readonly Shard[]
  readonly next: string | null
  /** Nothing in it changes any more. */
  readonly isFinal: boolean
}

/**
 * A look at the job and at its shards; says whether the job has ended. Every page of shards is read once, then those that may
 * have changed, and all of them at the end. Of pages that nobody works on yet the first one is read again, and one more by
 * turns, so that a job of ten thousand shards costs a few calls a second.
 */
function lookAt(id: string, signal: AbortSignal, show: (seen: Seen) => void): () => Promise<boolean> {
  const sent = { params: { id }, signal }
  let request: JobRequest | null = null
  let pages: ShardPage[] = []
  let total: number | null = null
  let isWhole = false
  let sawEnd = false
  let turn = 0
  return async () => {
    const [job, asked] = await Promise.all([
      get('/api/v0/jobs/{id}', sent),
      // Its plan comes after a moment, and what it reserved goes at the end.
      request === null || request.plan_digest === null ? get('/api/v0/jobs/{id}/request', sent) : request,
    ])
    const ended = hasEnded(job)
    request = asked
    // What was accepted before the end may have been checked since.
    if (ended && !sawEnd) {
      pages = pages.map((page) => ({ ...page, isFinal: false }))
      request = await get('/api/v0/jobs/{id}/request', sent)
    }
    sawEnd ||= ended
    const told = (): void => show({ job, request, shards: pages.flatMap(({ shards }) => shards), total })
    if (!isWhole) told()
    let cursor: string | null = null
    let sawIdle = false
    for (let n = 0; n === 0 || cursor !== null; n++) {
      const known: ShardPage | undefined = pages[n]
      const isIdle = known?.shards.every(({ verdict }) => verdict === 'open') === true
      if (known !== undefined && (known.isFinal || (!ended && isIdle && sawIdle && n !== turn % pages.length))) {
        cursor = known.next
        continue
      }
      sawIdle ||= isIdle
      const page: Schema<'GetJobShardsAnswer'> = await get('/api/v0/jobs/{id}/shards', {
        ...sent,
        query: { limit: PAGE, cursor: cursor ?? undefined },
      })
      pages[n] = { shards: page.shards, next: page.next_cursor, isFinal: ended || !page.shards.some(isOpen) }
      cursor = page.next_cursor
      total = page.total
      // The first look shows what it has; later ones change the page once.
      if (!isWhole) told()
    }
    isWhole = true
    turn++
    told()
    return ended
  }
}
