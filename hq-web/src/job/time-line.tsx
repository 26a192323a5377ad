// Six bands on one line of time. Where each begins and ends comes from the job's own events and metrics; what is still to
// come is said as such, and what runs now ends at now.
import { duration } from '../format.ts'
import { words } from '../words.ts'
import type { Job, JobEvent, Receipt } from './use-job.ts'
import { hasEnded } from './use-job.ts'

export const BANDS = ['request', 'plan', 'dispatch', 'verify', 'reduce', 'receipt'] as const
export type Band = (typeof BANDS)[number]

/** In milliseconds since the job was made; `to` null while it runs. */
export interface Span {
  readonly from: number
  readonly to: number | null
}
/** Null while it is to come; `done` where how long it took is told at the end; `waits` for agents. */
export type When = Span | null | 'not reached' | 'done' | 'waits'
export type Spans = Readonly<Record<Band, When>>

export const isSpan = (when: When): when is Span => typeof when === 'object' && when !== null

export function withoutTime(when: Exclude<When, Span>): string {
  const { toCome, notReached, done, waits } = words.job
  return when === null ? toCome : { 'not reached': notReached, done, waits }[when]
}

interface Known {
  readonly events: readonly JobEvent[]
  readonly receipt: Receipt | null
  /** It has a plan, however far it came. */
  readonly isPlanned: boolean
}

export function spansOf(job: Job, { events, receipt, isPlanned }: Known): Spans {
  const created = Date.parse(job.times.created_at)
  const at = (iso: string | null | undefined): number | null =>
    iso === null || iso === undefined ? null : Date.parse(iso) - created
  const { started_at, finished_at } = job.times
  const [started, finished] = [at(started_at), at(finished_at)]
  // Events come before the look at the job: until it says so, it is not verifying.
  const isBefore = job.status === 'QUEUED' || job.status === 'RUNNING'
  const verifying = isBefore
    ? null
    : at(events.find(({ name, state }) => name === 'state' && state === 'VERIFYING')?.at)
  const parts = job.hub?.metrics.parts
  const planned =
    parts === undefined ? started : Math.min(parts.plan + parts.tables, started ?? Number.POSITIVE_INFINITY)
  const reduced =
    finished === null ? null : parts === undefined ? finished : Math.max(finished - parts.reduce, started ?? 0)
  const issued = receipt === null ? null : Math.max(receipt.body.issued_at_ms - created, finished ?? 0)
  const failed = hasEnded(job) && job.hub === undefined
  const without = failed ? 'not reached' : null
  // What is planned is dealt out: it has progress, and a reason where it waits.
  const isDealt = isPlanned || Boolean(job.progress ?? job.reason)
  const waits = !hasEnded(job) && started === null && isDealt
  return {
    request: { from: 0, to: 0 },
    plan: started === null && isDealt ? 'done' : failed && started === null ? without : { from: 0, to: planned },
    dispatch: waits ? 'waits' : started === null ? without : { from: started, to: verifying ?? reduced },
    verify: started === null ? without : { from: verifying ?? started, to: reduced },
    reduce: finished === null || failed ? without : { from: reduced ?? finished, to: finished },
    receipt: finished === null ? null : { from: finished, to: issued },
  }
}

/** A mark behind this part of the line has its label before it, or it would stand out of the page. */
const LATE = 0.85

interface TimeLineProps {
  readonly job: Job
  readonly spans: Spans
  readonly now: number
}

export function TimeLine({ job, spans, now }: TimeLineProps) {
  const { bands, timeLine, running, beside } = words.job
  const open = Math.max(0, now - Date.parse(job.times.created_at))
  const ends = Object.values(spans).flatMap((span) => (isSpan(span) ? [span.to ?? open] : []))
  const all = Math.max(1, ...ends, hasEnded(job) ? 0 : open)
  const step = stepOf(all)
  const ticks = Array.from({ length: Math.floor(all / step) + 1 }, (_, n) => n * step)
  const share = (ms: number): string => `${(100 * ms) / all}%`
  const lasts = (band: Band, span: Span): string => {
    const { dispatch } = spans
    if (band === 'verify' && isSpan(dispatch) && dispatch.from === span.from) return beside
    return span.to === null ? running : duration(span.to - span.from)
  }
  return (
    <section class="time" aria-label={timeLine}>
      <div class="tl">
        {BANDS.map((band) => {
          const span = spans[band]
          return (
            <div class="tl-row" key={band}>
              <a href={`#${band}`}>{bands[band]}</a>
              <span class="tr" aria-hidden="true">
                {ticks.map((ms) => (
                  <u key={ms} style={{ left: share(ms) }} />
                ))}
                {isSpan(span) && (
                  <i
                    class={span.to === null ? 'now' : ''}
                    style={{ left: share(Math.min(span.from, all)), width: share((span.to ?? open) - span.from) }}
                  />
                )}
              </span>
              <span class="ms">{isSpan(span) ? lasts(band, span) : withoutTime(span)}</span>
            </div>
          )
        })}
        <div class="tl-row" aria-hidden="true">
          <span class="sc">
            {ticks.map((ms) => (
              <span key={ms} class={ms > LATE * all ? 'late' : ''} style={{ left: share(ms) }}>
                {ms === 0 ? '0' : duration(ms)}
              </span>
            ))}
          </span>
        </div>
      </div>
    </section>
  )
}

/** So that there are between two and five marks: 1, 2 or 5 of some power of ten. */
function stepOf(all: number): number {
  const rough = all / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough) ?? 10 * power
}
