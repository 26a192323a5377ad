// A plot by uPlot in the page's colours: thin rules, labels as text, redrawn when the theme or the width changes. What it shows
// is also said in words, because a picture is read by some alone.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef } from 'preact/hooks'
import { useTheme, useWidth } from './look.ts'

export interface Roles {
  readonly ink: string
  readonly ink3: string
  readonly line: string
  readonly accepted: string
  readonly wash: string
  readonly sans: string
}

interface PlotProps {
  readonly label: string
  readonly height: number
  readonly data: uPlot.AlignedData
  readonly options: (roles: Roles, isNarrow: boolean) => Omit<uPlot.Options, 'width' | 'height'>
}

const NARROW = 520

export function Plot({ label, height, data, options }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const theme = useTheme()
  useEffect(() => {
    if (box.current === null || width === 0) return
    const plot = new uPlot({ ...options(rolesOf(box.current), width < NARROW), width, height }, data, box.current)
    return () => plot.destroy()
  }, [data, width, theme])
  return <div class="plot" ref={box} role="img" aria-label={label} style={{ minHeight: `${height}px` }} />
}

function rolesOf(element: Element): Roles {
  const style = getComputedStyle(element)
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    ink: of('ink'),
    ink3: of('ink-3'),
    line: of('line'),
    accepted: of('accepted'),
    wash: of('accepted-wash'),
    sans: of('sans'),
  }
}

/** An axis as all plots have it. */
export const axisOf = (roles: Roles, own: uPlot.Axis = {}): uPlot.Axis => ({
  stroke: roles.ink3,
  font: `13px ${roles.sans}`,
  grid: { stroke: roles.line, width: 1 },
  ticks: { show: false },
  ...own,
})
