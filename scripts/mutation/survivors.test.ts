// The page of known survivors: what it may say and how a mutant is found in it.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { ROOT } from './subject.ts'
import { asDiff, survivorsOf, whyOf } from './survivors.ts'

const changed = { file: 'a/b.ts', owner: 'f', before: 'g(1)', after: 'g(2)' }
const deleted = { file: 'a/b.ts', owner: 'f', before: 'h()', after: '' }
const page = `# Title

## \`a/b.ts\`

\`\`\`diff
${asDiff(changed)}
${asDiff(deleted)}
\`\`\`

Both compute
the same.
`

it('finds the explanation of a survivor, changed or deleted', () => {
  const survivors = survivorsOf(page)
  expect(survivors).toEqual([
    { ...changed, why: 'Both compute the same.' },
    { ...deleted, why: 'Both compute the same.' },
  ])
  expect(whyOf(survivors, changed)).toBe('Both compute the same.')
  expect(whyOf(survivors, { ...changed, owner: 'elsewhere' })).toBe(undefined)
})

it('insists on an explanation', () => {
  expect(() => survivorsOf(page.slice(0, page.indexOf('Both')))).toThrow('does not explain')
})

it('reads the page of this repository', () => {
  expect(survivorsOf(readFileSync(path.join(ROOT, 'docs/mutations.md'), 'utf8'))).toBeInstanceOf(Array)
})
