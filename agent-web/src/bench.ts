// The marks of the assignment at work, one a shard, drawn on a canvas. As elements they were most of what a tab kept: each
// change of a mark makes styles and a transition, hundreds of times a second, and a page whose script makes no garbage of
// its own lets them lie for minutes (73 MiB after 3 x 10^8 years).
import type { AgentSnapshot, ShardWord } from '@forge/shared/agent/snapshot.ts'

type Marks = NonNullable<AgentSnapshot['assignment']>['shards']

/** In CSS pixels. */
const LEAST_SIZE = 18
const GAP = 5
const ROUND = 2
/** How much of a running mark is filled, so that it reads in greyscale too. */
const FILLED = 0.55
/** As long as --cool says of everything else that cools. */
const COOL_MS = 1400
const FRAME_MS = 66

export interface Bench {
  show(marks: Marks, shape: 'disc' | 'square'): void
}

export function createBench(canvas: HTMLCanvasElement): Bench {
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  /** When each mark was first seen as answered. */
  const answeredMs = new Map<number, number>()
  let shown: Parameters<Bench['show']> = [[], 'square']
  let timer: ReturnType<typeof setTimeout> | undefined

  const draw = (): void => {
    clearTimeout(timer)
    const nowMs = performance.now()
    const heat = ({ shard }: Marks[number]): number => {
      const sinceMs = nowMs - (answeredMs.get(shard) ?? -Infinity)
      return still.matches ? 0 : Math.max(0, 1 - sinceMs / COOL_MS)
    }
    const [marks, shape] = shown
    drawMarks(
      canvas,
      shape,
      marks.map((mark) => ({ state: mark.state, heat: heat(mark) })),
    )
    if (marks.some((mark) => heat(mark) > 0)) timer = setTimeout(draw, FRAME_MS)
  }
  // Its width is the page's, its colours are the theme's.
  new ResizeObserver(draw).observe(canvas)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)

  return {
    show(marks, shape) {
      const nowMs = performance.now()
      const there = new Set(marks.map(({ shard }) => shard))
      for (const shard of answeredMs.keys()) if (!there.has(shard)) answeredMs.delete(shard)
      for (const { shard, state } of marks) {
        if (state !== 'answered') answeredMs.delete(shard)
        else if (!answeredMs.has(shard)) answeredMs.set(shard, nowMs)
      }
      shown = [marks, shape]
      draw()
    },
  }
}

function drawMarks(
  canvas: HTMLCanvasElement,
  shape: 'disc' | 'square',
  marks: readonly { readonly state: ShardWord; readonly heat: number }[],
): void {
  const context = canvas.getContext('2d')
  const width = canvas.clientWidth
  if (context === null || width === 0) return
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST_SIZE + GAP)))
  const size = (width - (columns - 1) * GAP) / columns
  const rows = Math.max(1, Math.ceil(marks.length / columns))
  fit(canvas, width, rows * (size + GAP) - GAP)
  const scale = canvas.width / width
  context.setTransform(scale, 0, 0, scale, 0, 0)
  context.clearRect(0, 0, width, canvas.height)
  const style = getComputedStyle(canvas)
  const colours = { line: '--line-strong', ember: '--ember', accepted: '--accepted' } as const
  const colour = (name: keyof typeof colours): string => style.getPropertyValue(colours[name])
  const [line, ember, accepted] = [colour('line'), colour('ember'), colour('accepted')]
  context.lineWidth = 1
  for (const [i, { state, heat }] of marks.entries()) {
    const [x, y] = [(i % columns) * (size + GAP), Math.floor(i / columns) * (size + GAP)]
    const outline = outlineOf(shape, x + 0.5, y + 0.5, size - 1)
    if (state === 'answered') {
      fill(context, outline, accepted, 1)
      if (heat > 0) fill(context, outline, ember, heat)
      continue
    }
    if (state === 'running') {
      context.save()
      context.clip(outline)
      context.fillStyle = ember
      context.fillRect(x, y + size * (1 - FILLED), size, size * FILLED)
      context.restore()
    }
    context.strokeStyle = state === 'running' ? ember : line
    context.stroke(outline)
  }
}

function outlineOf(shape: 'disc' | 'square', x: number, y: number, size: number): Path2D {
  const path = new Path2D()
  if (shape === 'disc') path.arc(x + size / 2, y + size / 2, size / 2, 0, 2 * Math.PI)
  else path.roundRect(x, y, size, size, ROUND)
  return path
}

function fill(context: CanvasRenderingContext2D, outline: Path2D, colour: string, alpha: number): void {
  context.globalAlpha = alpha
  context.fillStyle = colour
  context.fill(outline)
  context.globalAlpha = 1
}

/** Setting a canvas's size clears it and costs a new one. Its height in the page follows from its proportions. */
function fit(canvas: HTMLCanvasElement, width: number, height: number): void {
  const [wide, high] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)]
  if (canvas.width !== wide) canvas.width = wide
  if (canvas.height !== high) canvas.height = high
}
