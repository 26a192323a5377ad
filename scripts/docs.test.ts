// Keeps the prose equal to the code where a machine can tell: the tables of problem codes, settings, refusals and limits,
// the events of the wire, the digests of the printed answer, and that every link leads somewhere. What the sentences say
// is for people to check.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { settingsHelp } from '@forge/server/config.ts'
import { figuresOf } from '@forge/server/hub/edge/figures.ts'
import { Pool } from '@forge/server/hub/sim/pool.ts'
import { createMetrics } from '@forge/server/metrics/metrics.ts'
import { ADMISSION_LIMITS } from '@forge/server/hub/edge/limits.ts'
import { agentFrames, hubFrames, refusalCodes } from '@forge/shared/contract/agent-events.ts'
import { ROUTES } from '@forge/server/web-core/routes/all-routes.ts'
import { PROBLEMS } from '@forge/shared/contract/problem.ts'
import { REMEDIES } from '@forge/shared/contract/remedies.ts'
import { SCOPE_MEANINGS, SCOPES } from '@forge/shared/contract/tenants.ts'
import { describe, expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

test('docs/problems.md has a row for every problem code, as the contract has it', () => {
  const remedies = new Map(Object.entries(REMEDIES))
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, retryable, title }]) =>
      `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${title} | ${remedies.get(code)} |`,
  )
  const written = read('docs/problems.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(
    written,
    'Copy the rows of problem.ts and remedies.ts of shared/src/contract into docs/problems.md, in their order.',
  ).toEqual(rows)
})

test('docs/scopes.md has a row for every scope, and a word for whoever has none', () => {
  const rows = SCOPES.map((scope) => `| \`${scope}\` | ${SCOPE_MEANINGS[scope]} |`)
  const written = read('docs/scopes.md')
    .split('\n')
    .filter((line) => /^\| `[a-z]+:/.test(line))
  expect(written, 'Copy the meanings of shared/src/contract/tenants.ts into docs/scopes.md.').toEqual(rows)
  const others = ROUTES.map(({ scope }) => scope).filter((scope) => !rows.some((row) => row.includes(`\`${scope}\``)))
  for (const word of new Set(others)) expect(read('docs/scopes.md')).toContain(`| \`${word}\` |`)
  expect(read('README.md')).toContain('(docs/scopes.md)')
})

test('the table of settings is what --help prints, both ways', () => {
  const rows = [...settingsHelp().matchAll(/^ {2}(\S+) +(.+) \(default: (.+)\)$/gm)].map(
    ([, name, meaning, standard]) => `| \`${name}\` | ${standard} | ${meaning} |`,
  )
  expect(rows.length).toBeGreaterThan(5)
  const [, after = ''] = read('docs/operate.md').split('<!-- settings:')
  const written = after
    .slice(0, after.indexOf('\n\n'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  expect(written, 'Copy name, default and meaning from server/src/config.ts into docs/operate.md.').toEqual(rows)
})

test('docs/metrics.md has a row for every metric of ours, and speaks of none that is not there', () => {
  const page = read('docs/metrics.md')
  const described = createMetrics().described()
  const rows = described
    .filter(({ name }) => name.startsWith('forge_'))
    .map(({ name, type, labels, help }) => {
      return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`
    })
  const written = page.split('\n').filter((line) => line.startsWith('| `forge_'))
  expect(written, 'Copy name, type, labels and help from server/src/metrics, in their order.').toEqual(rows)
  const names = new Set(described.map(({ name }) => name))
  const spoken = page.match(/\b(?:forge|nodejs|process)_\w+/g) ?? []
  const unknown = spoken.filter((name) => !names.has(name) && !names.has(name.replace(/_(?:bucket|sum|count)$/, '')))
  expect(unknown, 'An alert on it would never fire.').toEqual([])
})

test('docs/metrics.md names every value of the labels that have a few', async () => {
  const metrics = createMetrics()
  const totals = (): Promise<never> => Promise.reject(new Error('nobody asks the store here'))
  metrics.watch({ figures: () => figuresOf(new Pool().hub), totals })
  const body = await metrics.text()
  for (const [label, series] of [
    ['role', 'forge_shards_assigned_total'],
    ['queue', 'forge_shards_waiting'],
    ['reason', 'forge_store_errors_total'],
  ] as const) {
    const values = [...body.matchAll(new RegExp(`^${series}\\{${label}="(\\w+)"\\}`, 'gm'))].map(([, value]) => value)
    const [, said = ''] =
      new RegExp(`\`${label}\`(?: of an error)? is ([^;]+?)(?:;|\\.\n|\n\\*)`).exec(read('docs/metrics.md')) ?? []
    const named = new Set([...said.matchAll(/`(\w+)`/g)].map(([, value]) => value))
    expect(values.length, series).toBeGreaterThan(3)
    expect([...named], `Name each ${label} in docs/metrics.md, in the order of the code.`).toEqual(values)
  }
})

describe('the protocol', () => {
  const page = read('shared/PROTOCOL.md')
  const after = (heading: string): string => page.slice(page.indexOf(heading))
  const rows = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('| `'))

  test('has a row for every refusal, in the order of the contract', () => {
    const codes = rows(after('\n## Refusals')).map((row) => /^\| `(\w+)` \| .+ \| .+ \|$/.exec(row)?.[1])
    const better = 'Say when shared/src/contract/agent-events.ts refuses with it, and what the agent does then.'
    expect(codes, better).toEqual([...refusalCodes])
  })

  test('shows every event of either side, and no other', () => {
    const said = (arrow: string): string[] => [
      ...new Set([...page.matchAll(new RegExp(`^${arrow} (\\w+)`, 'gm'))].map(([, event = '']) => event)),
    ]
    const better = 'Show a message of it, recorded from a real run where that can be had.'
    expect(said('→').toSorted(), better).toEqual(Object.keys(hubFrames).toSorted())
    expect(said('←').toSorted(), better).toEqual(Object.keys(agentFrames).toSorted())
  })

  test('has every limit of admission', () => {
    const [, table = ''] = page.split('<!-- limits:')
    const written = rows(table.slice(0, table.indexOf('\n## '))).map((row) => row.split(' | ').slice(0, 2).join(' | '))
    const values = Object.entries(ADMISSION_LIMITS).map(([name, value]) => {
      const text = typeof value === 'number' ? value : `${value.perSecond} a second, ${value.burst} at once`
      return `| \`${name}\` | ${text}`
    })
    expect(written, 'Copy name and value from server/src/hub/edge/limits.ts, in their order.').toEqual(values)
  })
})

test('the README’s printed answer has the digests that its request gives today', { timeout: 60_000 }, async () => {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--import', 'tsx', 'docs/recompute.ts'], { cwd: root })
  const readme = read('README.md')
  const digests = [...stdout.matchAll(/^(\w+) +([0-9a-f]{64})$/gm)].map(([, name, digest]) => `"${name}": "${digest}"`)
  expect(digests).toHaveLength(4)
  const stale = digests.filter((line) => !readme.includes(line))
  expect(stale, 'Run pnpm demo and print its answer in the README anew.').toEqual([])
})

test('every link of the prose leads to a file, and every anchor to a heading', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'shared/PROTOCOL.md', ...markdownIn('docs')]
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^https?:/.test(link) && !leadsSomewhere(page, link))
      .map((link) => `${page}: ${link}`),
  )
  expect(broken, 'Mend the link, or remove it.').toEqual([])
})

test('every decision is in the list of decisions', () => {
  const list = read('docs/decisions/README.md')
  const missing = markdownIn('docs/decisions').filter((page) => !list.includes(`(${path.basename(page)})`))
  expect(missing, 'Add it to docs/decisions/README.md.').toEqual(['docs/decisions/README.md'])
})

function markdownIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join(folder, file.split(path.sep).join('/')))
    .toSorted()
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
  if (!existsSync(path.join(root, target))) return false
  return anchor === undefined || anchorsOf(read(target)).has(anchor)
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}
