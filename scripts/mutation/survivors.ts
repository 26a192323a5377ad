// docs/mutations.md: the mutants that are known to survive, each with the reason. Diffs under the name of their file, the
// declaration in the hunk's head, and the explanation below; one explanation may serve several lines.
import { keyOf, type Site } from './sites.ts'

export type Named = Pick<Site, 'file' | 'owner' | 'before' | 'after'>

export interface Survivor extends Named {
  readonly why: string
}

/** Throws where the page explains nothing. */
export function survivorsOf(markdown: string): Survivor[] {
  const survivors: Survivor[] = []
  for (const section of markdown.split(/^## /m).slice(1)) {
    const file = section.slice(0, section.indexOf('\n')).replaceAll('`', '').trim()
    for (const block of section.split(/^```diff\n/m).slice(1)) {
      const [diff = '', text = ''] = block.split(/^```$/m)
      const why = text.trim().replaceAll(/\s*\n\s*/g, ' ')
      if (why === '') throw new Error(`docs/mutations.md does not explain ${diff.trim()}`)
      survivors.push(...changed(file, diff).map((named) => Object.assign(named, { why })))
    }
  }
  return survivors
}

function changed(file: string, diff: string): Named[] {
  const found: Named[] = []
  let owner = ''
  let before: string | null = null
  const end = (after: string): void => {
    if (before !== null) found.push({ file, owner, before, after })
    before = null
  }
  for (const line of diff.split('\n')) {
    if (line.startsWith('+')) {
      end(line.slice(1))
      continue
    }
    // Nothing stands in the place of a deleted statement.
    end('')
    if (line.startsWith('-')) before = line.slice(1)
    else owner = /^@@ (\w*) ?@@$/.exec(line)?.[1] ?? owner
  }
  end('')
  return found
}

/** As the page wants them. */
export const asDiff = ({ owner, before, after }: Named): string =>
  [`@@ ${owner} @@`, `-${before}`, ...(after === '' ? [] : [`+${after}`])].join('\n')

export const whyOf = (survivors: readonly Survivor[], site: Named): string | undefined =>
  survivors.find((survivor) => keyOf(survivor) === keyOf(site))?.why
