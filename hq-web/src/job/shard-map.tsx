// The map of shards: one tab stop, arrow keys and pointer choose a shard, and its name is said. To a screen reader it is a
// list of which only the chosen one is there, with its place among all.
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks'
import { useTheme, useWidth } from '../parts/look.ts'
import { words } from '../words.ts'
import { coloursOf, drawShards, gridOf, type Grid } from './draw-shards.ts'
import { lookOf, nameOf, type Look, type Shard } from './shards.ts'

interface ShardMapProps {
  readonly shards: readonly Shard[]
  /** How many there will be once all are read. */
  readonly total: number
  readonly selected: number
  readonly choose: (shard: number) => void
}

export function ShardMap({ shards, total, selected, choose }: ShardMapProps) {
  const list = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = useWidth(list)
  const [hovered, setHovered] = useState<number | null>(null)
  const theme = useTheme()
  const option = useId()
  const looks: readonly Look[] = useMemo(() => shards.map(lookOf), [shards])
  const grid = gridOf(Math.max(total, shards.length), width)

  useEffect(() => {
    if (canvas.current === null || width === 0) return
    drawShards(canvas.current, width, { looks, grid, colours: coloursOf(canvas.current) })
  }, [looks, width, grid.cell, grid.height, theme])

  const shardAt = (event: MouseEvent): number | null => cellAt(event, canvas.current, grid, shards.length)
  const pressed = (event: KeyboardEvent): void => {
    const to = target(event.key, selected, grid.columns, shards.length)
    if (to === null) return
    event.preventDefault()
    choose(to)
  }
  const shown = shards[hovered ?? selected]
  const current = shards[selected]
  return (
    <>
      <div
        ref={list}
        class="map"
        role="listbox"
        tabIndex={0}
        aria-label={words.job.dispatch.mapLabel(total)}
        aria-activedescendant={current === undefined ? undefined : option}
        onKeyDown={pressed}
      >
        <canvas
          ref={canvas}
          aria-hidden="true"
          style={{ height: `${grid.height}px` }}
          onPointerMove={(event) => setHovered(shardAt(event))}
          onPointerLeave={() => setHovered(null)}
          onClick={(event) => {
            const n = shardAt(event)
            if (n !== null) choose(n)
          }}
        />
        {hovered !== null && hovered !== selected && <Ring at={hovered} grid={grid} name="hovered" />}
        {current !== undefined && <Ring at={selected} grid={grid} name="selected" />}
        {current !== undefined && (
          <span
            class="sr"
            role="option"
            id={option}
            aria-selected="true"
            aria-posinset={selected + 1}
            aria-setsize={shards.length}
          >
            {nameOf(current)}
          </span>
        )}
      </div>
      <p class="cap map-says" aria-hidden="true">
        {shown === undefined ? '' : nameOf(shown)}
      </p>
    </>
  )
}

/** The number of the shard under the pointer. */
function cellAt({ clientX, clientY }: MouseEvent, canvas: Element | null, grid: Grid, all: number): number | null {
  const box = canvas?.getBoundingClientRect()
  if (box === undefined) return null
  const column = Math.floor((clientX - box.left) / grid.cell)
  const n = Math.floor((clientY - box.top) / grid.cell) * grid.columns + column
  return column >= 0 && column < grid.columns && n >= 0 && n < all ? n : null
}

/** Over the canvas, so that choosing draws nothing anew. */
const Ring = ({ at, grid: { columns, cell }, name }: { at: number; grid: Grid; name: string }) => (
  <i
    class={`ring ${name}`}
    style={{
      width: `${cell}px`,
      height: `${cell}px`,
      transform: `translate(${(at % columns) * cell}px, ${Math.floor(at / columns) * cell}px)`,
    }}
  />
)

/** Null for a key that moves nothing. */
function target(key: string, from: number, columns: number, all: number): number | null {
  const moves: Readonly<Record<string, number>> = {
    ArrowRight: from + 1,
    ArrowLeft: from - 1,
    ArrowDown: from + columns,
    ArrowUp: from - columns,
    PageDown: from + 10 * columns,
    PageUp: from - 10 * columns,
    Home: 0,
    End: all - 1,
  }
  const to = moves[key]
  return to === undefined ? null : Math.max(0, Math.min(all - 1, to))
}
