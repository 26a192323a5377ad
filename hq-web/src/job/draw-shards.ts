// One shape a shard on a canvas: ten thousand of them are drawn in some milliseconds. The shape is the engine, fill and mark
// are the verdict, and a rose line below keeps an earlier void answer visible, so that all of it reads without colour.
import type { Fill, Look, Shape } from './shards.ts'

export interface Grid {
  readonly columns: number
  /** Of a cell, in CSS pixels. */
  readonly cell: number
  readonly height: number
}

const CELL_MAX = 42
const CELL_MIN = 6
/** What a map may fill before its cells get smaller. */
const HEIGHT_WANTED = 440
/** Below this a cell shows shape and colour, and no mark. */
const MARKS_FROM = 11

export function gridOf(shards: number, width: number): Grid {
  const wanted = Math.floor(Math.sqrt((width * HEIGHT_WANTED) / Math.max(1, shards)))
  const cell = Math.max(CELL_MIN, Math.min(CELL_MAX, wanted))
  const columns = Math.max(1, Math.floor(width / cell))
  return { columns, cell, height: Math.ceil(shards / columns) * cell }
}

export interface Colours {
  readonly ember: string
  readonly accepted: string
  readonly tocheck: string
  readonly disputed: string
  readonly void: string
  readonly waiting: string
  readonly paper: string
  readonly mark: string
}

/** The tokens' roles as they are now: light or dark. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element)
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    ember: of('ember'),
    accepted: of('accepted'),
    tocheck: of('tocheck'),
    disputed: of('disputed'),
    void: of('void'),
    waiting: of('line-strong'),
    paper: of('paper'),
    mark: of('on-verdict'),
  }
}

export interface Drawing {
  readonly looks: readonly Look[]
  readonly grid: Grid
  readonly colours: Colours
}

/** Each look is drawn once and stamped as often as it is there. */
export function drawShards(canvas: HTMLCanvasElement, width: number, { looks, grid, colours }: Drawing): void {
  const { columns, cell, height } = grid
  const scale = devicePixelRatio
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d')
  if (context === null) return
  const stamps = new Map<string, HTMLCanvasElement>()
  looks.forEach((look, n) => {
    const name = `${look.fill} ${look.shape} ${look.wasVoid}`
    const stamp = stamps.get(name) ?? stampOf(look, cell, scale, colours)
    stamps.set(name, stamp)
    context.drawImage(
      stamp,
      Math.round((n % columns) * cell * scale),
      Math.round(Math.floor(n / columns) * cell * scale),
    )
  })
}

function stampOf(look: Look, cell: number, scale: number, colours: Colours): HTMLCanvasElement {
  const stamp = document.createElement('canvas')
  stamp.width = Math.ceil(cell * scale)
  stamp.height = stamp.width
  const context = stamp.getContext('2d')
  if (context !== null) {
    context.scale(scale, scale)
    drawOne(context, look, cell, colours)
  }
  return stamp
}

const COLOUR_OF: Readonly<Record<Fill, keyof Colours>> = {
  waiting: 'waiting',
  running: 'ember',
  toCheck: 'tocheck',
  disputed: 'disputed',
  accepted: 'accepted',
  checked: 'accepted',
  answered: 'void',
  void: 'void',
}
const FILLED: ReadonlySet<Fill> = new Set<Fill>(['accepted', 'checked', 'disputed', 'answered'])

function drawOne(context: CanvasRenderingContext2D, look: Look, cell: number, colours: Colours): void {
  const { fill, shape, wasVoid } = look
  const size = cell < MARKS_FROM ? cell - 1.5 : cell * 0.68
  const middle = cell / 2
  const colour = colours[COLOUR_OF[fill]]
  context.fillStyle = colour
  context.strokeStyle = colour
  context.lineWidth = Math.max(1, size / 14)
  const path = pathOf(shape, middle, size)
  if (FILLED.has(fill)) context.fill(path)
  else {
    if (fill === 'waiting') context.setLineDash(cell < MARKS_FROM ? [1, 1] : [size / 6, size / 8])
    context.stroke(path)
    context.setLineDash([])
  }
  if (fill === 'running') {
    context.save()
    context.clip(path)
    context.fillRect(0, middle, cell, middle)
    context.restore()
  }
  if (cell >= MARKS_FROM || fill === 'checked') markOf(context, fill, middle, size, colours)
  if (wasVoid) {
    context.fillStyle = colours.disputed
    context.fillRect(middle - size * 0.36, cell - Math.max(1.5, cell / 20) - 1, size * 0.72, Math.max(1.5, cell / 20))
  }
}

function pathOf(shape: Shape, middle: number, size: number): Path2D {
  const path = new Path2D()
  const half = size / 2
  if (shape === 'disc') path.arc(middle, middle, half * 1.04, 0, 2 * Math.PI)
  else if (shape === 'square') path.roundRect(middle - half, middle - half, size, size, size / 12)
  else {
    const reach = half * 1.24
    path.moveTo(middle, middle - reach)
    path.lineTo(middle + reach, middle)
    path.lineTo(middle, middle + reach)
    path.lineTo(middle - reach, middle)
    path.closePath()
  }
  return path
}

function markOf(context: CanvasRenderingContext2D, fill: Fill, middle: number, size: number, colours: Colours): void {
  context.lineWidth = Math.max(1.2, size / 9)
  if (fill === 'checked') {
    context.fillStyle = colours.paper
    context.beginPath()
    context.arc(middle, middle, Math.max(0.8, size / 6), 0, 2 * Math.PI)
    context.fill()
  } else if (fill === 'disputed') {
    context.strokeStyle = colours.mark
    line(context, [middle - size * 0.24, middle + size * 0.24], [middle + size * 0.24, middle - size * 0.24])
  } else if (fill === 'void') {
    line(context, [middle - size * 0.2, middle - size * 0.2], [middle + size * 0.2, middle + size * 0.2])
    line(context, [middle - size * 0.2, middle + size * 0.2], [middle + size * 0.2, middle - size * 0.2])
  }
}

function line(context: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  context.beginPath()
  context.moveTo(...from)
  context.lineTo(...to)
  context.stroke()
}
