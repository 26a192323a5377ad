// What runs now and what came of it: the assignment's shards, the speed, the counts, and the last hour.
import { useEffect, useRef } from 'preact/hooks'
import { createBench, type Bench } from '../bench.ts'
import { HOUR_MS, type Doing, type Stretch } from '../last-hour.ts'
import { BENCH, COUNTS, HOUR, large, SPEED } from '../text.ts'
import type { PageProps } from './page-props.ts'
import { Icon, Section } from './parts.tsx'

export function Shards({ tab }: PageProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const bench = useRef<Bench | undefined>(undefined)
  const { assignment, engine } = tab
  const shards = assignment?.shards ?? []
  useEffect(() => {
    if (canvas.current)
      (bench.current ??= createBench(canvas.current)).show(shards, engine === 'wasm' ? 'disc' : 'square')
  }, [assignment, engine])
  const count = (state: string): number => shards.filter((shard) => shard.state === state).length
  const label = assignment ? BENCH.label(count('answered'), shards.length, count('running')) : BENCH.none
  const { waiting, running, answered } = BENCH.keys
  return (
    <Section id="bench" head={BENCH.head} aside={assignment ? BENCH.aside(shards.length, assignment.done) : BENCH.none}>
      <canvas class={assignment ? 'bench' : 'bench empty'} ref={canvas} role="img" aria-label={label} />
      <div class="key" aria-hidden="true">
        <span>
          <i class="shard" />
          {waiting}
        </span>
        <span>
          <i class="shard running" />
          {running}
        </span>
        <span>
          <i class="shard answered" />
          {answered}
        </span>
      </div>
    </Section>
  )
}

const SECONDS = 60
const HEIGHT = 60

export function Speed({ tab, speeds }: PageProps) {
  const most = Math.max(1, ...speeds)
  const top = ceiling(most)
  const x = (i: number): number => SECONDS - (speeds.length - 1 - i)
  const points = speeds.map((speed, i) => `${x(i)},${(HEIGHT * (1 - speed / top)).toFixed(2)}`).join(' ')
  const now = large(tab.unitsPerSecond)
  return (
    <Section id="speed" head={SPEED.head} aside={SPEED.aside}>
      <p class="rate num">
        <output id="speed" aria-live="off" aria-labelledby="speed-head">
          {now}
        </output>
        <small>{SPEED.unit}</small>
      </p>
      <div class="plot">
        <hr style={{ top: '0%' }} />
        <hr style={{ top: '50%' }} />
        <svg
          viewBox={`0 0 ${SECONDS} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={SPEED.label(now, large(most))}
        >
          {speeds.length > 1 && <polygon points={`${x(0)},${HEIGHT} ${points} ${SECONDS},${HEIGHT}`} />}
          {speeds.length > 1 && <polyline points={points} />}
        </svg>
        {speeds.some((speed) => speed > 0) && (
          <>
            <b style={{ top: '0%' }}>{large(top)}</b>
            <b style={{ top: '50%' }}>{large(top / 2)}</b>
          </>
        )}
      </div>
      <div class="axis">
        <span>{SPEED.from}</span>
        <span>{SPEED.to}</span>
      </div>
    </Section>
  )
}

/** The next of 1, 2 and 5 with zeros, so that the scale stands still. */
function ceiling(value: number): number {
  const ten = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5, 10].find((step) => step * ten >= value) ?? 10) * ten
}

export function Counts({ tab, record }: PageProps) {
  const { accepted, pending, rejected } = tab.tally
  const number = (value: number): string => value.toLocaleString('en')
  return (
    <Section id="returned" head={COUNTS.head} aside={COUNTS.aside}>
      <dl class="count">
        <div>
          <dt>
            <Icon glyph="completed" tone="is-ok" />
            {COUNTS.accepted}
          </dt>
          <dd id="accepted">{number(accepted)}</dd>
        </div>
        <div>
          <dt>
            <Icon glyph="verifying" tone="is-check" />
            {COUNTS.pending}
          </dt>
          <dd id="pending">{number(pending)}</dd>
          <dd class="note">{COUNTS.pendingNote}</dd>
        </div>
        <div>
          <dt>
            <Icon glyph="failed" tone={rejected > 0 ? 'is-bad' : 'is-void'} />
            {COUNTS.rejected}
          </dt>
          <dd id="rejected">{number(rejected)}</dd>
          {rejected > 0 && <dd class="note">{COUNTS.rejectedNote}</dd>}
        </div>
        <div>
          <dt>{COUNTS.credits}</dt>
          <dd id="credits">{(record?.credits ?? 0).toLocaleString('en', { maximumFractionDigits: 6 })}</dd>
          <dd class="note">{COUNTS.creditsNote}</dd>
        </div>
      </dl>
      {record && <p class="cap after">{COUNTS.total(record.accepted, record.jobs)}</p>}
    </Section>
  )
}

const LOOKS: Record<Doing, string> = { work: 'w', idle: 'q', paused: 'p' }
const WHYS_MAX = 5

export function Hour({ hour, nowMs }: PageProps) {
  const took = (doing: Doing): string =>
    HOUR.took(hour.reduce((sum, one) => sum + (one.doing === doing ? one.untilMs - one.fromMs : 0), 0))
  const whys = hour
    .filter(({ doing }) => doing !== 'work')
    .toReversed()
    .slice(0, WHYS_MAX)
  const [first] = hour
  return (
    <Section id="hour" head={HOUR.head} aside={HOUR.aside(took('work'))}>
      <div class="hour" role="img" aria-label={HOUR.label(took('work'), took('idle'), took('paused'))}>
        {first && <Bar of={first.fromMs - (nowMs - HOUR_MS)} look="none" />}
        {hour.map((one, i) => (
          <Bar key={one.fromMs} look={LOOKS[one.doing]} of={(hour[i + 1]?.fromMs ?? nowMs) - one.fromMs} />
        ))}
      </div>
      <div class="axis">
        <span>{HOUR.from}</span>
        <span>{HOUR.to}</span>
      </div>
      <ul class="why">
        {whys.map((one) => (
          <Why key={one.fromMs} {...one} nowMs={nowMs} />
        ))}
      </ul>
    </Section>
  )
}

const Bar = ({ of, look }: { of: number; look: string }) => (
  <i class={look} style={{ flexGrow: Math.max(0, Math.round(of / 1000)) }} />
)

function Why({ why, fromMs, untilMs, nowMs }: Stretch & { nowMs: number }) {
  const began = new Date(performance.timeOrigin + fromMs)
  return (
    <li>
      <time dateTime={began.toISOString()}>{began.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}</time>
      <span>{why}</span>
      <span>{HOUR.took((untilMs > nowMs ? nowMs : untilMs) - fromMs)}</span>
    </li>
  )
}
