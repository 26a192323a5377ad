// The picture before Start: a calculation as a field of shards. It is a drawing, so nothing in it moves; what moves on
// this page is true.

const COLUMNS = 24
const ROWS = 20
const PITCH = 22
const SIZE = 16
const YOURS = { column: 15, row: 12 }
const SVG = 'http://www.w3.org/2000/svg'

export function drawField(svg: Element): void {
  const random = minimalStandard(7)
  for (let row = 0; row < ROWS; row += 1) {
    for (let column = 0; column < COLUMNS; column += 1) {
      const front = (row * COLUMNS + column) / (COLUMNS * ROWS) + (random() - 0.5) * 0.16
      const kind = front < 0.56 ? 'cooled' : front < 0.62 && random() < 0.5 ? 'hot' : ''
      const yours = column === YOURS.column && row === YOURS.row
      svg.append(square(column * PITCH, row * PITCH, SIZE, yours ? 'yours' : kind))
    }
  }
  svg.append(square(YOURS.column * PITCH - 5, YOURS.row * PITCH - 5, SIZE + 10, 'ring'))
}

function square(x: number, y: number, size: number, kind: string): Element {
  const made = document.createElementNS(SVG, 'rect')
  for (const [name, value] of Object.entries({ x, y, width: size, height: size, rx: 1.5 })) {
    made.setAttribute(name, String(value))
  }
  made.setAttribute('class', kind)
  return made
}

/** Park and Miller's generator: the same drawing every time. */
function minimalStandard(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
