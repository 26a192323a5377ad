// The two plots of an insurance job: the chance that a year’s loss, and its greatest event, are greater than an amount, with VaR
// and TVaR marked, and how the years’ losses lie. Both are drawn from the exact points of the output; nothing is smoothed.
import uPlot from 'uplot'
import { useMemo } from 'preact/hooks'
import { amount, count, percent } from '../format.ts'
import { axisOf, Plot, type Roles } from '../parts/plot.tsx'
import { words } from '../words.ts'
import { densityOf, headline, middle, type Exceedance, type Loss, type Quantile } from './loss.ts'

const P_MIN = 1e-4
/** Of the years, which the distribution leaves out: its tail is the other plot. */
const TAIL = 0.01

export function CurvePlot({ loss, curve }: { loss: Loss; curve: readonly Exceedance[] }) {
  const mark = headline(loss)
  const { oep } = loss
  const data = useMemo(
    () => (oep === undefined ? tableOf(curve) : uPlot.join([tableOf(curve), tableOf(oep)])),
    [curve, oep],
  )
  const { curveLabel, eventLabel } = words.job.reduce
  const said = `${mark === undefined ? '' : saidOf(mark)}${oep === undefined ? '' : ` ${eventLabel}`}`
  return (
    <Plot
      label={curveLabel(said.trim())}
      height={380}
      data={data}
      options={(roles, isNarrow) => ({
        legend: { show: false },
        cursor: { y: false, points: { size: 9 } },
        scales: { x: { time: false, range: (_, __, most) => [0, most] }, y: { distr: 3, log: 10, range: [P_MIN, 1] } },
        axes: [
          axisOf(roles, { values: (_, ticks) => ticks.map(count), space: isNarrow ? 90 : 110 }),
          axisOf(roles, {
            size: 84,
            splits: () => [1, 0.1, 0.01, 0.001, 0.0001],
            values: (_, splits) => splits.map(oneIn),
          }),
        ],
        series: [
          {},
          { stroke: roles.ink, width: 2, points: { show: false } },
          ...(oep === undefined
            ? []
            : [{ stroke: roles.ink, width: 2, dash: [8, 6], points: { show: false } } satisfies uPlot.Series]),
        ],
        hooks: { draw: [(plot) => mark !== undefined && drawMarks(plot, mark, roles, isNarrow)] },
      })}
    />
  )
}

/** Amounts and chances, down to the rarest that is drawn. */
function tableOf(curve: readonly Exceedance[]): uPlot.AlignedData {
  const points = curve.filter(({ p }) => p >= P_MIN)
  return [points.map(({ x }) => x), points.map(({ p }) => p)]
}

const oneIn = (p: number): string =>
  p >= 1 ? words.job.reduce.always : words.job.verify.oneIn(count(Math.round(1 / p)))

const saidOf = ({ p, var: value, tvar }: Quantile): string => {
  const { varOf, tvarOf } = words.job.answer
  return `${varOf(percent(p))} ${amount(middle(value))}, ${tvarOf(percent(p))} ${amount(middle(tvar))}.`
}

/** VaR as a rule, TVaR as a dashed one, each with its figure to the left of it where there is room. */
function drawMarks(plot: uPlot, { p, var: value, tvar }: Quantile, roles: Roles, isNarrow: boolean): void {
  const { ctx, bbox } = plot
  const { varOf, tvarOf } = words.job.answer
  const scale = devicePixelRatio
  ctx.save()
  ctx.strokeStyle = roles.accepted
  ctx.fillStyle = roles.ink
  ctx.lineWidth = 2 * scale
  ctx.font = `${(isNarrow ? 13 : 15) * scale}px ${roles.sans}`
  ctx.textAlign = 'right'
  const top = plot.valToPos(1 - p, 'y', true)
  const marks = [
    [middle(value), varOf(percent(p)), [], 0.62],
    [middle(tvar), tvarOf(percent(p)), [5 * scale, 4 * scale], 0.8],
  ] as const
  for (const [x, name, dash, at] of marks) {
    const left = plot.valToPos(x, 'x', true)
    if (left > bbox.left + bbox.width) continue
    ctx.setLineDash([...dash])
    ctx.beginPath()
    ctx.moveTo(left, top)
    ctx.lineTo(left, bbox.top + bbox.height)
    ctx.stroke()
    const leftmost = Math.min(left, plot.valToPos(middle(value), 'x', true)) - 10 * scale
    ctx.fillText(`${name}  ${amount(x)}`, leftmost, bbox.top + bbox.height * at)
  }
  ctx.setLineDash([])
  ctx.fillStyle = roles.accepted
  ctx.beginPath()
  ctx.arc(plot.valToPos(middle(value), 'x', true), top, 5 * scale, 0, 2 * Math.PI)
  ctx.fill()
  ctx.restore()
}

export function DistributionPlot({ curve }: { curve: readonly Exceedance[] }) {
  const data: uPlot.AlignedData = useMemo(() => {
    const { edges, shares } = densityOf(curve, TAIL)
    const heights = shares.map((share, n) => {
      const band = (edges[n + 1] ?? 0) - (edges[n] ?? 0)
      return band > 0 ? share / band : null
    })
    // The step of the last band goes on to its far edge.
    return [[...edges], [...heights, heights.at(-1) ?? null]]
  }, [curve])
  return (
    <Plot
      label={words.job.reduce.distributionLabel}
      height={200}
      data={data}
      options={(roles, isNarrow) => ({
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, most * 1.05] } },
        axes: [axisOf(roles, { values: (_, ticks) => ticks.map(count), space: isNarrow ? 90 : 110 }), { show: false }],
        series: [
          {},
          {
            stroke: roles.accepted,
            fill: roles.wash,
            width: 1.5,
            points: { show: false },
            ...(uPlot.paths.stepped === undefined ? {} : { paths: uPlot.paths.stepped({ align: 1 }) }),
          },
        ],
      })}
    />
  )
}
