// The offline check: it proves a good bundle, and whatever one field of it is changed, it says that something is wrong and
// where. What is signed anew and untrue is in check-resigned.test.ts.
import { beforeAll, describe, expect, it } from 'vitest'
import { createReferenceEngine } from '../agent/engines/reference-engine.ts'
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { utf8 } from '../exact/bytes.ts'
import { digest } from '../exact/digest.ts'
import { artifacts } from '../kernels/artifacts.gen.ts'
import type { Bundle } from './bundle.ts'
import { aBundle, compileOnce, documentsOf } from './bundle.fixtures.ts'
import { checkBundle, type CheckOptions } from './check-bundle.ts'
import { verdictOf } from './verdict.ts'

const wasm = createWasmEngine(artifacts)
const options = (change: Partial<CheckOptions> = {}): CheckOptions => {
  let next = 0
  return {
    keys: bundle.keys.body.keys,
    engine: wasm,
    shards: 0,
    draw: (of) => next++ % of,
    compile: compileOnce,
    ...change,
  }
}
let bundle: Bundle
beforeAll(async () => {
  // As it is read from a file.
  bundle = JSON.parse(JSON.stringify(await aBundle()))
}, 60_000)

const wrongIn = async (tampered: unknown, change: Partial<CheckOptions> = {}): Promise<string[]> =>
  (await checkBundle(tampered, options(change))).filter(({ is }) => is === 'wrong').map(({ says }) => says)

describe('a good bundle', () => {
  it('is proved, with every shard run again', async () => {
    const checked = await checkBundle(bundle, options({ shards: 20 }))
    expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
    const names = checked.filter(({ is }) => is === 'proved').map(({ name }) => name)
    for (const name of [
      'keys',
      'signature',
      'bill',
      'bound',
      'log',
      'contract',
      'answer',
      'root',
      'sample',
      'plan',
      'output',
      'shards',
    ])
      expect(names).toContain(name)
    expect(checked.filter(({ is }) => is === 'unshown').map(({ name }) => name)).toEqual(['notices', 'names'])
  })

  it('is proved on the reference too, and says what it did not show', async () => {
    const reference = createReferenceEngine(artifacts)
    let shard = 2
    const checked = await checkBundle(
      bundle,
      options({ engine: reference, shards: 1, keys: null, draw: () => shard++ }),
    )
    expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
    expect(checked.filter(({ is }) => is === 'unshown').map(({ name }) => name)).toEqual([
      'keys',
      'notices',
      'names',
      'shards',
    ])
  })

  it('needs no partials, and then does not prove the output', async () => {
    for (const why of ['retention', 'size'] as const) {
      const without = { ...bundle, partials: null, partials_missing: why }
      const checked = await checkBundle(without, options({ shards: 9 }))
      expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
      expect(checked.find(({ name }) => name === 'output')?.is).toBe('unshown')
    }
  })

  it('of another kernel is proved as far as documents go', async () => {
    const other = { ...bundle, contract: { ...bundle.contract, op: { ...bundle.contract.op, version: 2 } } }
    const checked = await checkBundle(other, options())
    expect(checked.find(({ name }) => name === 'plan')?.says).toMatch(/no kernel mc\/2/)
    expect(checked.find(({ is }) => is === 'wrong')?.says).toMatch(/^contract\.op/)
  })
})

describe('what was asked for', () => {
  const expected = () => ({ jobId: bundle.receipt.body.job_id, receipt: bundle.receipt.body })

  it('is the bundle of that job, with the receipt that was shown', async () => {
    const checked = await checkBundle(bundle, options({ expected: expected() }))
    expect(checked.find(({ name }) => name === 'job')?.is).toBe('proved')
  })

  it('is not the good bundle of another job, nor one beside another receipt', async () => {
    const jobId = '01ARZ3NDEKTSV4RRFFQ69G5FAW'
    expect(await wrongIn(bundle, { expected: { ...expected(), jobId } })).toEqual([
      expect.stringMatching(/^receipt\.job_id: it is 01\w+V, asked for was 01\w+W/),
    ])
    const receipt = { ...bundle.receipt.body, finished_at_ms: 2_001 }
    expect(await wrongIn(bundle, { expected: { ...expected(), receipt } })).toEqual([
      expect.stringMatching(/^receipt: it is another one/),
    ])
  })
})

describe('the verdict', () => {
  it('is good only where shards were run again', async () => {
    expect(verdictOf(await checkBundle(bundle, options({ shards: 1 })))).toBe('good')
    expect(verdictOf(await checkBundle(bundle, options()))).toBe('unrun')
  })

  it('is that nothing was run where this version has another kernel', async () => {
    const copy = structuredClone(bundle)
    copy.receipt.body.kernel_digest = digest('kernel.v1', utf8('another'))
    const checked = await checkBundle({ ...copy, ...documentsOf(copy.receipt.body) }, options({ shards: 9 }))
    expect(checked.filter(({ name }) => name === 'plan')).toEqual([
      expect.objectContaining({ is: 'unshown', says: expect.stringMatching(/nothing is run again/) }),
    ])
    expect(verdictOf(checked.filter(({ is }) => is !== 'wrong'))).toBe('unrun')
  })

  it('is wrong where the same kernel cannot plan the contract', async () => {
    const args = { ...bundle.contract.args, iterations: -1 }
    const checked = await checkBundle({ ...bundle, contract: { ...bundle.contract, args } }, options())
    const plan = checked.find(({ name }) => name === 'plan')
    expect(plan).toEqual(expect.objectContaining({ is: 'wrong', says: expect.stringMatching(/^contract\.args/) }))
    expect(verdictOf(checked)).toBe('wrong')
  })
})

type Path = readonly (string | number)[]

/** Every leaf; of long lists the first and the last, since one more of them tells no more. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  if (Array.isArray(value)) {
    if (value.length === 0) return [path]
    const places = value.length > 4 ? [0, value.length - 1] : value.map((_, place) => place)
    return places.flatMap((place) => leaves(value[place], [...path, place]))
  }
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]))
}

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (typeof value !== 'string') return Array.isArray(value) ? ['x'] : 'x'
  const middle = value.length >> 1
  const letter = value[middle] === '1' ? '2' : '1'
  return value.slice(0, middle) + letter + value.slice(middle + 1)
}

function withChange(value: unknown, [first, ...rest]: Path): unknown {
  if (first === undefined) return changed(value)
  if (typeof value !== 'object' || value === null) throw new Error('a path leads to a leaf')
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value }
  Reflect.set(copy, first, withChange(Reflect.get(copy, first), rest))
  return copy
}

/** What a project called what its args came from: nothing vouches for that, and the check says so. */
const UNVOUCHED = /^contract\.references\.\d+\.ref$/

/** What a finding names, of a change below each of these. */
const NAMED: readonly (readonly [RegExp, RegExp])[] = [
  [/^receipt\./, /^receipt|^body|^answer|^link\.document|^shards|^contract/],
  [/^link\./, /^link/],
  [/^keys\./, /^keys/],
  [/^price_list\./, /^price_list/],
  [/^contract\./, /^contract/],
  [/^tables\./, /^tables/],
  [/^answer\./, /^answer/],
  [/^shards\./, /^shards/],
  [/^partials\./, /^partials/],
  [/^partials_missing/, /^partials_missing/],
  [/^notices\./, /^notices/],
  [/^format/, /^format/],
]

it('of which any one field is changed is wrong, and the finding names it', { timeout: 120_000 }, async () => {
  const every = leaves(bundle).filter((path) => !UNVOUCHED.test(path.join('.')))
  expect(every.length).toBeGreaterThan(150)
  const kinds = new Map(
    every.map((path) => [path.map((part) => (/^\d+$/.test(String(part)) ? '#' : part)).join('.'), path]),
  )
  for (const name of ['path', 'kind', 'digest']) expect([...kinds.keys()]).toContain(`contract.references.#.${name}`)
  const members = every.filter((path) => path[0] === 'shards' && path[1] === '1')
  // Of a list of alike things the quick run takes one, and of a shard each member.
  const paths = process.env['FORGE_TEST_ALL'] === '1' ? every : [...new Set([...kinds.values(), ...members])]
  expect(paths.length).toBeGreaterThan(60)
  const missed: string[] = []
  for (const path of paths) {
    const found = await wrongIn(withChange(bundle, path))
    const where = path.join('.')
    const named = NAMED.find(([of]) => of.test(where))?.[1]
    if (named === undefined || !found.some((says) => named.test(says))) missed.push(`${where}: ${found.join(' | ')}`)
  }
  expect(missed).toEqual([])
})

it('has names of references that nothing vouches for, and each is left open in so many words', async () => {
  const names = leaves(bundle).filter((path) => UNVOUCHED.test(path.join('.')))
  expect(names).toHaveLength(2)
  const openIn = async (tampered: unknown): Promise<string | undefined> =>
    (await checkBundle(tampered, options())).find(({ name, is }) => name === 'names' && is === 'unshown')?.says
  expect(await openIn(bundle)).toMatch(/which nothing here vouches for: .*"losses@3".*"quantiles\.json"$/)
  expect(await openIn(withChange(bundle, names[0] ?? []))).toContain('"loss1s@3"')
  const none = { ...bundle, contract: { ...bundle.contract, references: [] } }
  expect(await openIn(none)).toBeUndefined()
})
