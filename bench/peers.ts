// Our WASM engine beside what people use today, in one interleaved run: every round asks each contender for the same
// years, speeds are by the contender's own CPU time, and ratios are taken within a round, so that whatever else the
// machine does hits no side alone. Speed counts only with the work done: integers must return our accumulators, doubles
// our mean, or no number of theirs is told.
import { figureText, median, repeated, section, type Figure, type Section } from './figures.ts'
import { difference, distance, momentsOf, type Answer, type Moments } from './peers/answer.ts'
import { contenders, thread, type Contender, type Kind } from './peers/contenders.ts'
import { foundingModel, referenceWork, type Model } from './peers/model.ts'
import { withFolder } from './pool.ts'

/** Two runs' own noise would hide behind less; a fifteenth of a second for the fastest. */
const YEARS = 2 ** 22
const WARM_UP_ROUNDS = 2
const ROUNDS_MIN = 9
/** The reference takes a second for so many; the second stretch lies across a carry into the unit's high word. */
const CHECKED_YEARS = 20_000
const CHECKED_FROM = [0n, 2n ** 32n - 5_000n, 2n ** 40n + 123n]
/** Far beyond chance in a sound generator, near enough to notice a wrong model. */
const STANDARD_ERRORS_MAX = 5

interface Lane {
  readonly contender: Contender
  readonly answers: Answer[]
  /** Why its figures are not told. */
  refused: string | null
}

export async function measurePeers(runs: number): Promise<{ found: Section; pasted: string }> {
  const { model, integers } = foundingModel()
  return await withFolder(async (folder) => {
    const { present, notes } = await contenders(model, integers, folder)
    const pair = ['one', 'other'].map((which) =>
      thread('wasm', `the ${which} of two WASM workers`, { contender: 'wasm', model }),
    )
    try {
      const lanes = await Promise.all(present.map((contender) => admitted(contender, model)))
      const pairs = await race(lanes, pair, Math.max(runs, ROUNDS_MIN))
      for (const lane of lanes) refuseWrong(lane, lanes, model)
      const figures = [...speeds(lanes, pairs), ...ratios(lanes, pairs)]
      const found = section('Peers, the founding model, one thread each, by CPU time', figures, [
        ...computed(lanes, model),
        ...notes,
        `${YEARS} years a sample; ratios are taken round by round`,
        `contenders got ${shareOfCore(lanes)} of a core while they ran`,
      ])
      return { found, pasted: markdown(figures) }
    } finally {
      for (const contender of [...present, ...pair]) contender.close()
    }
  })
}

/** A contender that counts in integers shows first that its accumulators are the reference's. */
async function admitted(contender: Contender, model: Model): Promise<Lane> {
  const lane: Lane = { contender, answers: [], refused: null }
  if (!contender.exact) return lane
  for (const firstUnit of CHECKED_FROM) {
    const answer = await contender.answer({ first: firstUnit, years: CHECKED_YEARS })
    lane.refused ??= difference(answer, referenceWork(firstUnit, CHECKED_YEARS, model))
  }
  return lane
}

/** In M years/s: by the clock on the wall, and by the CPU time of all workers over their number. */
interface Together {
  readonly wall: number
  readonly cpu: number
}

/** What a worker does alone and two do together, one measured right after the other. */
interface Pair {
  readonly one: Together
  readonly two: Together
}

/** Fills the lanes; returns the pair's speed in each round. */
async function race(lanes: readonly Lane[], pair: readonly Contender[], rounds: number): Promise<Pair[]> {
  const found = await repeated(WARM_UP_ROUNDS + rounds, async (round) => {
    const first = BigInt(2 * round * YEARS)
    const answers: Answer[] = []
    for (const { contender } of lanes) answers.push(await contender.answer({ first, years: YEARS }))
    const one = await together(pair.slice(0, 1), first)
    return { answers, pair: { one, two: await together(pair, first) } }
  })
  const counted = found.slice(WARM_UP_ROUNDS)
  for (const [i, lane] of lanes.entries()) {
    lane.answers.push(...counted.flatMap(({ answers }) => answers[i] ?? []))
  }
  return counted.map((round) => round.pair)
}

/** They begin at once, so the slowest says how long all took; its CPU time is that of all, because they are one process. */
async function together(workers: readonly Contender[], first: bigint): Promise<Together> {
  const questions = workers.map((worker, i) => worker.answer({ first: first + BigInt(i * YEARS), years: YEARS }))
  const answers = await Promise.all(questions)
  const years = workers.length * YEARS
  const cpuSeconds = Math.max(...answers.map((answer) => answer.cpuSeconds)) / workers.length
  return { wall: years / Math.max(...answers.map(({ seconds }) => seconds)) / 1e6, cpu: years / cpuSeconds / 1e6 }
}

function refuseWrong(lane: Lane, lanes: readonly Lane[], model: Model): void {
  const ours = lanes.find(({ contender }) => contender.kind === 'wasm')
  if (ours === undefined || lane === ours || lane.refused !== null) return
  if (lane.contender.exact) {
    const wrong = lane.answers.map((answer, i) => difference(answer, ours.answers[i] ?? answer))
    lane.refused = wrong.find((reason) => reason !== null) ?? null
    return
  }
  const z = distance(momentsOf(lane.answers, YEARS, null), momentsOf(ours.answers, YEARS, model.scale))
  if (!(Math.abs(z) < STANDARD_ERRORS_MAX)) lane.refused = `its mean is ${z.toFixed(1)} standard errors from ours`
}

const speedsOf = ({ answers }: Lane): number[] => answers.map(({ cpuSeconds }) => YEARS / cpuSeconds / 1e6)
const told = (lanes: readonly Lane[], kind?: Kind): Lane[] =>
  lanes.filter(({ refused, contender }) => refused === null && (kind === undefined || contender.kind === kind))

/** Says how busy the machine was. */
function shareOfCore(lanes: readonly Lane[]): string {
  const shares = lanes.flatMap(({ answers }) => answers.map(({ seconds, cpuSeconds }) => cpuSeconds / seconds))
  return `${Math.round(100 * median(shares))} % (least ${Math.round(100 * Math.min(...shares))} %)`
}

function speeds(lanes: readonly Lane[], pairs: readonly Pair[]): Figure[] {
  return [
    ...told(lanes).map((lane): Figure => ({ what: lane.contender.name, unit: 'M years/s', samples: speedsOf(lane) })),
    {
      what: 'our WASM engine, two workers, by the clock on the wall',
      unit: 'M years/s',
      samples: pairs.map(({ two }) => two.wall),
    },
  ]
}

const TARGETS: readonly (readonly [Kind, { readonly target?: number }])[] = [
  ['integer C', { target: 0.75 }],
  ['narrow C', {}],
  ['double C', { target: 3.5 }],
  ['NumPy', { target: 5 }],
  ['JavaScript', { target: 6 }],
  ['scalar wasm', {}],
]

/** Against the quickest of each kind, which is the baseline. */
function ratios(lanes: readonly Lane[], pairs: readonly Pair[]): Figure[] {
  const ours = told(lanes, 'wasm').map(speedsOf)[0]
  if (ours === undefined) return []
  const against = TARGETS.flatMap(([kind, target]): Figure[] => {
    const [best] = told(lanes, kind).toSorted((a, b) => median(speedsOf(b)) - median(speedsOf(a)))
    if (best === undefined) return []
    const samples = speedsOf(best).map((speed, i) => (ours[i] ?? Number.NaN) / speed)
    return [{ what: `our WASM engine / ${best.contender.name}`, unit: 'times', samples, ...target }]
  })
  const scaling = (clock: keyof Together): number[] => pairs.map(({ one, two }) => two[clock] / one[clock])
  return [
    ...against,
    { what: 'two workers / one, by the clock on the wall', unit: 'times', samples: scaling('wall'), target: 1.8 },
    { what: '  by their own CPU time, were both cores free', unit: 'times', samples: scaling('cpu') },
  ]
}

/** What each computed, so that a reader sees that all did the same. */
function computed(lanes: readonly Lane[], model: Model): string[] {
  const row = (name: string, cells: readonly string[]): string =>
    `${name.padEnd(38)} ${cells.map((cell) => cell.padStart(11)).join(' ')}`
  const cells = ({ mean, deviation, claimsPerYear, zeroShare, quantile }: Moments): string[] => [
    mean.toFixed(2),
    deviation.toFixed(2),
    claimsPerYear.toFixed(4),
    zeroShare.toFixed(4),
    quantile.toFixed(0),
  ]
  const ours = lanes.find(({ contender }) => contender.kind === 'wasm')
  const moments = (lane: Lane): Moments => momentsOf(lane.answers, YEARS, lane.contender.exact ? model.scale : null)
  return [
    row('', ['mean', 'deviation', 'claims', 'P(0)', 'VaR 99.5 %', 'agrees']),
    ...lanes.map((lane) => {
      const z = ours === undefined ? Number.NaN : distance(moments(lane), moments(ours))
      const agreement = lane.contender.exact ? 'the same' : `z ${z.toFixed(1)}`
      return row(lane.contender.name, [...cells(moments(lane)), lane.refused === null ? agreement : 'NO'])
    }),
    ...lanes.flatMap(({ contender, refused }) => (refused === null ? [] : `${contender.name} is left out: ${refused}`)),
  ]
}

function markdown(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { median: middle, range, target, met } = figureText(figure)
    return `| ${figure.what} | ${middle} | ${range} | ${target} | ${met} |`
  })
  return ['| | median | least to greatest | target | |', '| --- | ---: | ---: | ---: | --- |', ...rows, ''].join('\n')
}
