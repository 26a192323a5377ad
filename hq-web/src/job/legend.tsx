// What the shapes of the map mean, drawn by what draws the map.
import { useEffect, useRef } from 'preact/hooks'
import { useTheme } from '../parts/look.ts'
import { words } from '../words.ts'
import { coloursOf, drawShards } from './draw-shards.ts'
import type { Look } from './shards.ts'

const CELL = 22
const { say, legendEngines } = words.job.dispatch
const square = (fill: Look['fill'], wasVoid = false): Look => ({ fill, shape: 'square', wasVoid })

type Entry = readonly [Look, string]

const ENTRIES: readonly Entry[] = [
  [square('accepted'), legendEngines.webgpu],
  [{ fill: 'accepted', shape: 'disc', wasVoid: false }, legendEngines.wasm],
  [{ fill: 'accepted', shape: 'diamond', wasVoid: false }, legendEngines.reference],
  [square('waiting'), say.waiting],
  [square('running'), say.running],
  [square('toCheck'), say.toCheck],
  [square('accepted'), say.accepted],
  [square('checked'), say.checked],
  [square('disputed'), say.disputed],
]

/** Of a job that ended without a result. */
const LEFT: readonly Entry[] = [
  [square('answered'), say.answered],
  [square('void'), say.void],
]

export const Legend = ({ isLeft }: { isLeft: boolean }) => (
  <ul class="leg" aria-label={words.job.dispatch.legend}>
    {[...ENTRIES, ...(isLeft ? LEFT : [])].map(([look, said]) => (
      <li key={said}>
        <One look={look} />
        {said}
      </li>
    ))}
  </ul>
)

function One({ look }: { look: Look }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  useEffect(() => {
    if (canvas.current === null) return
    const grid = { columns: 1, cell: CELL, height: CELL }
    drawShards(canvas.current, CELL, {
      looks: [look],
      grid,
      colours: coloursOf(canvas.current),
    })
  }, [look, theme])
  return <canvas ref={canvas} aria-hidden="true" style={{ width: `${CELL}px`, height: `${CELL}px` }} />
}
