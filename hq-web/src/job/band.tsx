// One of the six bands of a job's page: its name and time at the side, what it says beside it.
import type { ComponentChildren } from 'preact'
import { duration } from '../format.ts'
import { words } from '../words.ts'
import { isSpan, withoutTime, type Band, type When } from './time-line.tsx'

interface BandProps {
  readonly band: Band
  readonly span: When
  readonly children: ComponentChildren
}

export function BandSection({ band, span, children }: BandProps) {
  const { bands, running } = words.job
  const said = !isSpan(span)
    ? withoutTime(span)
    : span.to === null
      ? running
      : span.to === span.from
        ? duration(span.from)
        : words.job.dispatch.range(duration(span.from), duration(span.to))
  return (
    <section class="band" id={band} aria-labelledby={`${band}-head`}>
      <header>
        <h2 id={`${band}-head`}>{bands[band]}</h2>
        <p>{said}</p>
      </header>
      <div>{children}</div>
    </section>
  )
}

/** A sentence at reading size, its first part with weight. */
export const Say = ({ lead, children }: { lead: string; children?: ComponentChildren }) => (
  <p class="say">
    <b>{lead}</b>
    {children}
  </p>
)
