// How the measurements of dispatch are told: what was reached beside its targets, and what it cost whom.
import { median, section, type Figure, type Section } from '../figures.ts'
import type { Habit } from './agents.ts'
import type { RoundTrips } from './bare.ts'
import { quantile, type Watched } from './watch.ts'

/** Half loaded, the Hub acknowledges within this, but for one answer in a hundred. */
const P99_MS = 50

export interface Mode {
  readonly title: string
  readonly agents: number
  readonly habit: Habit
  /** Answers of one agent that wait for their acknowledgement at full load. */
  readonly window: number
  /** Shards a second over bare round trips a second. */
  readonly target: number
}

export interface Loads {
  readonly full: Watched
  readonly half: Watched
}

/** `bare` are the measurements before and after, of small frames. */
export function toldMode({ title, agents, target }: Mode, { full, half }: Loads, bare: readonly RoundTrips[]): Section {
  const perSecond = full.tally.shards / full.seconds
  const perFrame = full.tally.shards / full.tally.frames
  const overBare = perSecond / median(bare.map((one) => one.perSecond))
  const byCore = perSecond / full.cores.server / median(bare.map((one) => one.perCoreSecond))
  return section(
    `${title}, ${agents} agents`,
    [
      { what: 'shards acknowledged a second, full load', unit: '/s', samples: [perSecond] },
      { what: 'the same over bare round trips a second', unit: 'times', samples: [overBare], target },
      { what: 'the same ratio, each by its server’s processor time', unit: 'times', samples: [byCore] },
      ...latencies('full load', full),
      ...latencies('half load', half, P99_MS),
      ...uses(full),
    ],
    [
      `${perFrame.toFixed(1)} shards an answer, ${Math.round(perSecond / perFrame)} answers a second`,
      `half load is ${Math.round(half.tally.shards / half.seconds)} shards a second`,
      troubles(full, half),
    ],
  )
}

/** None where nothing was acknowledged. */
export function latencies(load: string, { tally }: Watched, target?: number): Figure[] {
  if (tally.frames === 0) return []
  const at = (p: number): number[] => [quantile(tally.latenciesMs, p)]
  return [
    { what: `answer sent to acknowledgement, median, ${load}`, unit: 'ms', samples: at(0.5) },
    {
      what: `answer sent to acknowledgement, p99, ${load}`,
      unit: 'ms',
      samples: at(0.99),
      ...(target === undefined ? {} : { target }),
    },
  ]
}

export function uses({ cores, memory: held, tally }: Watched): Figure[] {
  return [
    { what: 'the server’s processor time', unit: 'cores', samples: [cores.server] },
    { what: 'PostgreSQL’s', unit: 'cores', samples: [cores.postgres] },
    { what: 'the load’s', unit: 'cores', samples: [cores.load] },
    { what: 'cutting and signing one answer there', unit: 'us', samples: [(tally.signingMs * 1_000) / tally.signed] },
    { what: 'the server’s memory at most', unit: 'MiB', samples: [held.most] },
  ]
}

export function troubles(...all: readonly Watched[]): string {
  const sum = (of: (one: Watched) => number): number => all.reduce((total, one) => total + of(one), 0)
  const refused = sum(({ tally }) => [...tally.refused.values()].reduce((total, count) => total + count, 0))
  const [revoked, lost] = [sum(({ tally }) => tally.revoked), sum(({ tally }) => tally.lost)]
  return `${refused} answers refused, ${revoked} assignments taken back, ${lost} agents lost`
}
