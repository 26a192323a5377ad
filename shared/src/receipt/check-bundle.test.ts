// The offline check: it proves a good bundle, and whatever one field of it is changed, it says that something is wrong and
// where. Changes that are signed anew, as whoever holds the key could, are found by what does not add up.
import { beforeAll, describe, expect, it } from 'vitest'
import { createReferenceEngine } from '../agent/engines/reference-engine.ts'
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { utf8 } from '../exact/bytes.ts'
import { digest, digestOfJson } from '../exact/digest.ts'
import { artifacts } from '../kernels/artifacts.gen.ts'
import type { Bundle } from './bundle.ts'
import { aBundle, compileOnce, documentsOf } from './bundle.fixtures.ts'
import { checkBundle, type CheckOptions } from './check-bundle.ts'
import { verdictOf } from './verdict.ts'
import { signerOf, signed } from './signed.ts'

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
    expect(checked.filter(({ is }) => is === 'unshown').map(({ name }) => name)).toEqual(['notices'])
  })

  it('is proved on the reference too, and says what it did not show', async () => {
    const reference = createReferenceEngine(artifacts)
    let shard = 2
    const checked = await checkBundle(
      bundle,
      options({ engine: reference, shards: 1, keys: null, draw: () => shard++ }),
    )
    expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
    expect(checked.filter(({ is }) => is === 'unshown').map(({ name }) => name)).toEqual(['keys', 'notices', 'shards'])
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
  const every = leaves(bundle)
  expect(every.length).toBeGreaterThan(150)
  const kinds = new Map(
    every.map((path) => [path.map((part) => (/^\d+$/.test(String(part)) ? '#' : part)).join('.'), path]),
  )
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

describe('what is signed anew does not add up', () => {
  type Body = Bundle['receipt']['body']
  const resigned = (change: (body: Body) => void, also: (of: Bundle) => void = () => undefined): Bundle => {
    const copy = structuredClone(bundle)
    change(copy.receipt.body)
    also(copy)
    return { ...copy, ...documentsOf(copy.receipt.body) }
  }
  const result = (body: Body) => {
    if (body.result === null) throw new Error('it was completed')
    return body.result
  }
  const answerAgain = (of: Bundle): void => {
    of.receipt.body.result = {
      ...result(of.receipt.body),
      answer_digest: digest('answer.v1', utf8(canonicalJson(of.answer))),
    }
  }

  it.each<[string, RegExp, (body: Body) => void, ((of: Bundle) => void)?]>([
    ['a higher price', /^receipt\.billing\.credits/, ({ billing }) => void (billing.credits += 1)],
    ['another exact price', /^receipt\.billing\.micro_credits/, ({ billing }) => void (billing.micro_credits = '1')],
    [
      'more work',
      /^receipt\.billing\.work\.iterations/,
      ({ billing }) => void (billing.work = billing.work && { ...billing.work, iterations: '35001' }),
    ],
    ['another policy', /^contract\.policy/, (body) => void (body.policy = { ...body.policy, target: 'gpu' })],
    [
      'another policy on both sides',
      /^receipt\.plan_digest/,
      (body) => void (body.policy = { ...body.policy, target: 'gpu' }),
      (of) => void (of.contract.policy = of.receipt.body.policy),
    ],
    ['a smaller bound', /^receipt\.result\.verification\.bound/, (body) => void (result(body).verification.bound = [])],
    ['more checks', /^receipt\.result\.verification\.checked/, (body) => void result(body).verification.checked++],
    [
      'another sampling key',
      /^receipt\.result\.verification\.sampling_key/,
      (body) => void (result(body).verification.sampling_key = '6'.repeat(64)),
    ],
    [
      'a figure of the output',
      /^answer\.hub\.output: the partials give another one/,
      () => undefined,
      (of) => {
        Reflect.set(of.answer.hub.output['loss'] ?? {}, 'mean', 1)
        const output_digest = digestOfJson('output.v1', of.answer.hub.output)
        of.answer.hub.replay.output_digest = output_digest
        of.receipt.body.result = { ...result(of.receipt.body), output_digest }
        answerAgain(of)
      },
    ],
    [
      'a last pass that follows otherwise',
      /^answer\.hub\.replay\.passes/,
      () => undefined,
      (of) => {
        const last = of.answer.hub.replay.passes?.at(-1)
        if (last !== undefined) last.facts['bins'] = [700]
        answerAgain(of)
      },
    ],
  ])('%s', async (_, found, change, also) => {
    expect((await wrongIn(resigned(change, also))).join('\n')).toMatch(new RegExp(found.source, 'm'))
  })

  it('by another key than those that are trusted', async () => {
    const stranger = signerOf(new Uint8Array(32).fill(8))
    const forged = { ...bundle, receipt: signed('receipt.v1', bundle.receipt.body, stranger) }
    expect((await wrongIn(forged)).join('\n')).toMatch(/^receipt: it is signed by the key .* not in the list/m)
  })

  it('a shard that was drawn and not checked', async () => {
    const copy = structuredClone(bundle)
    const drawn = copy.shards.findIndex(([, confirmations], shard) => confirmations > 1 && shard % 3 !== 0)
    const shard = copy.shards[drawn]
    if (shard === undefined) throw new Error('the key draws one')
    shard[1] = 1
    expect((await wrongIn(copy)).join('\n')).toMatch(new RegExp(`shards: ${drawn} were drawn and not checked`))
  })

  it('a wrong partial with all digests to match, which only running it again shows', async () => {
    const without = { ...bundle, partials: null, partials_missing: 'retention' as const }
    const shards = structuredClone(bundle.shards)
    const [first] = shards
    if (first !== undefined) first[0] = digest('partial.v1', utf8('wrong'))
    const found = await wrongIn({ ...without, shards }, { shards: 9 })
    expect(found.join('\n')).toMatch(/shards: 0, run again, have other digests/)
  })
})
