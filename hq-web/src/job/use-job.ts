// All that a job's page shows, as it is now: the job, its request, its events and shards, and when it has ended its receipt.
// One stream of events tells when to look again; shards are read in pages, those that may still change once more.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { mayPass, pauseMs, useAgain } from '../again.ts'
import { addressOf, ApiProblem, follow, get, type Problem, type Schema } from '../api.ts'
import { isOpen, type Shard } from './shards.ts'

/** As every route shows a job. */
export type Job = Schema<'ExecuteAnswer'>
export type JobRequest = Schema<'GetJobRequestAnswer'>
export type Receipt = Schema<'GetJobReceiptAnswer'>

type Progress = NonNullable<Job['progress']>

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
/** Between two looks at shards: a page of 500 takes the server some milliseconds. */
const LOOK_MS = 1_000
/** Events within this are answered with one look. */
const GATHER_MS = 60
/** The receipt is signed a moment after the end. */
const RECEIPT_MS = 1_000

export const hasEnded = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED'

export function useJob(id: string): JobData {
  const [job, setJob] = useState<Job | null>(null)
  const [request, setRequest] = useState<JobRequest | null>(null)
  const [events, setEvents] = useState<readonly JobEvent[]>([])
  const [problem, setProblem] = useState<Problem | null>(null)
  const [round, setRound] = useState(0)
  const ended = job !== null && hasEnded(job)
  const reload = useCallback(() => setRound((n) => n + 1), [])
  const failed = useCallback((error: unknown) => {
    if (error instanceof DOMException) return
    if (!(error instanceof ApiProblem)) throw error
    setProblem(error.problem)
  }, [])

  useEffect(() => {
    const over = new AbortController()
    const sent = { params: { id }, signal: over.signal }
    get('/api/v0/jobs/{id}', sent).then((now) => {
      setJob(now)
      setProblem(null)
    }, failed)
    get('/api/v0/jobs/{id}/request', sent).then(setRequest, failed)
    return () => over.abort()
  }, [id, round])

  useEffect(() => {
    let isOver = false
    let soon: ReturnType<typeof setTimeout> | undefined
    setEvents([])
    const heard = (name: string, data: unknown): void => {
      // Of our own server, as its document says.
      if (name === 'progress') {
        const { reason, trace_id: _, ...progress } = data as Progress & { reason: string | null; trace_id: string }
        setJob((before) => before && { ...before, reason, progress })
        return
      }
      setEvents((before) => [...before, { name, ...(data as Omit<JobEvent, 'name'>) }])
      isOver ||= name === 'completed' || name === 'failed' || name === 'cancelled'
      // The events of the past come all at once.
      clearTimeout(soon)
      soon = setTimeout(reload, GATHER_MS)
    }
    const stop = follow(addressOf('/api/v0/jobs/{id}/events', { params: { id } }), EVENTS, heard, () => isOver)
    return () => {
      clearTimeout(soon)
      stop()
    }
  }, [id])

  useAgain(problem, reload)
  const receipt = useReceipt(id, ended)
  const { shards, total } = useShards(id, job !== null, ended, failed)
  return { job, request, receipt, events, shards, total, problem, reload }
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
 * Every page once, then those that may have changed, and all of them at the end. Of pages that nobody works on yet the first
 * one is read again, and one more by turns, so that a job of ten thousand shards costs a few calls a second.
 */
function useShards(id: string, isThere: boolean, ended: boolean, failed: (error: unknown) => void) {
  const [state, setState] = useState<{ shards: readonly Shard[]; total: number | null }>({ shards: [], total: null })
  const pages = useRef<ShardPage[]>([])
  useEffect(() => {
    if (!isThere) return
    const over = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (total: number): void => setState({ shards: pages.current.flatMap(({ shards }) => shards), total })
    const look = async (turn: number): Promise<void> => {
      let cursor: string | null = null
      let sawIdle = false
      let total: number | null = null
      for (let n = 0; n === 0 || cursor !== null; n++) {
        const known: ShardPage | undefined = pages.current[n]
        const isIdle = known?.shards.every(({ verdict }) => verdict === 'open') === true
        if (
          known !== undefined &&
          (known.isFinal || (!ended && isIdle && sawIdle && n !== turn % pages.current.length))
        ) {
          cursor = known.next
          continue
        }
        sawIdle ||= isIdle
        const query = { limit: PAGE, cursor: cursor ?? undefined }
        const page: Schema<'GetJobShardsAnswer'> = await get('/api/v0/jobs/{id}/shards', {
          params: { id },
          query,
          signal: over.signal,
        })
        pages.current[n] = { shards: page.shards, next: page.next_cursor, isFinal: ended || !page.shards.some(isOpen) }
        cursor = page.next_cursor
        // The first look shows what it has; later ones change the map once.
        if (turn === 0) show(page.total)
        total = page.total
      }
      if (turn > 0 && total !== null) show(total)
      if (!ended) timer = setTimeout(run, LOOK_MS, turn + 1)
    }
    let lost = 0
    const run = (turn: number): void =>
      void look(turn).then(
        () => (lost = 0),
        (error: unknown) => {
          failed(error)
          const passes = error instanceof ApiProblem && mayPass(error.problem)
          if (passes && !over.signal.aborted) timer = setTimeout(run, pauseMs(lost++), turn)
        },
      )
    // What was accepted before the end may have been checked since.
    if (ended) pages.current = pages.current.map((page) => ({ ...page, isFinal: false }))
    run(0)
    return () => {
      over.abort()
      clearTimeout(timer)
    }
  }, [id, isThere, ended])
  return state
}
