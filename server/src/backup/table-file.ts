// A table as a file: one row a line, as Postgres itself writes it in JSON, compressed. The text is never parsed here, so that
// no number and no byte passes through a double on its way. SHA-256 is taken of the lines, whatever compressed them.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import path from 'node:path'
import { createGunzip, createGzip } from 'node:zlib'

export interface TableFacts {
  readonly rows: number
  /** Of all lines with their ends. */
  readonly sha256: string
}

export const fileOfTable = (folder: string, table: string): string => path.join(folder, 'tables', `${table}.jsonl.gz`)

/** Overwrites nothing. */
export async function writeTableFile(file: string, rows: AsyncIterable<string>): Promise<TableFacts> {
  const hash = createHash('sha256')
  let count = 0
  async function* lines(): AsyncIterable<Buffer> {
    for await (const row of rows) {
      const line = Buffer.from(`${row}\n`)
      hash.update(line)
      count++
      yield line
    }
  }
  await pipeline(lines, createGzip(), createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
  return { rows: count, sha256: hash.digest('hex') }
}

/** Line by line; JSON has no line end within it. Errors of the file are thrown at the reader. */
export async function* readTableFile(file: string): AsyncIterable<string> {
  const unzipped = createGunzip()
  const reading = pipeline(createReadStream(file), unzipped)
  // Whoever iterates hears of it.
  reading.catch(() => undefined)
  let rest: Buffer[] = []
  for await (const chunk of unzipped as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString()
      rest = []
      start = end + 1
    }
    if (start < chunk.length) rest.push(chunk.subarray(start))
  }
  await reading
  if (rest.length > 0) yield Buffer.concat(rest).toString()
}

export async function factsOf(file: string): Promise<TableFacts> {
  const hash = createHash('sha256')
  let rows = 0
  for await (const line of readTableFile(file)) {
    hash.update(`${line}\n`)
    rows++
  }
  return { rows, sha256: hash.digest('hex') }
}
