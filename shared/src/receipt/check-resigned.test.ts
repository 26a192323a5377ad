// Receipts that are signed anew, as whoever holds the key could, and are untrue all the same: the offline check finds what does
// not add up between policy, record, shards, bill and output. That any other change is found is in check-bundle.test.ts.
import { beforeAll, describe, expect, it } from 'vitest'
import { createWasmEngine } from '../agent/engines/wasm-engine.ts'
import { canonicalJson } from '../exact/canonical-json.ts'
import { utf8 } from '../exact/bytes.ts'
import { digest, digestOfJson } from '../exact/digest.ts'
import { artifacts } from '../kernels/artifacts.gen.ts'
import type { Bundle } from './bundle.ts'
import { aBundle, compileOnce, documentsOf, type Told } from './bundle.fixtures.ts'
import { checkBundle, type CheckOptions } from './check-bundle.ts'
import { verdictOf } from './verdict.ts'
import { signerOf, signed } from './signed.ts'

const engine = createWasmEngine(artifacts)
let bundle: Bundle
beforeAll(async () => {
  // As it is read from a file.
  bundle = JSON.parse(JSON.stringify(await aBundle()))
}, 60_000)

function check(document: unknown, change: Partial<CheckOptions> = {}) {
  let next = 0
  const draw = (of: number): number => next++ % of
  const keys = bundle.keys.body.keys
  return checkBundle(document, { keys, engine, shards: 0, draw, compile: compileOnce, ...change })
}

const wrongIn = async (tampered: unknown, change: Partial<CheckOptions> = {}): Promise<string[]> =>
  (await check(tampered, change)).filter(({ is }) => is === 'wrong').map(({ says }) => says)

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

describe('record and policy', () => {
  const full = { verify: 'full' } as const
  const every = (): boolean => true
  const nothing = { isChecked: (): boolean => false, isRefereed: false }

  it.each<[string, Told]>([
    ['full, with every shard checked', { policy: full, isChecked: every }],
    ['full, with one shard that the referee alone stands behind', { policy: full, isChecked: (shard) => shard > 0 }],
    ['none, with nothing checked', { policy: { verify: 'none' }, ...nothing }],
    ['spotcheck that gave up, as it may', { status: 'degraded', ...nothing }],
  ])('%s, agree', async (_, told) => {
    const checked = await check(await aBundle(told), { shards: 1 })
    expect(checked.filter(({ is }) => is === 'wrong')).toEqual([])
    expect(checked.find(({ name }) => name === 'level')?.is).toBe('proved')
    expect(verdictOf(checked)).toBe('good')
  })

  it.each<[string, RegExp, Told]>([
    [
      'full, with five shards checked',
      /^shards: 5, 6, 7, 8 were not checked, in a full job$/m,
      { policy: full, isChecked: (shard) => shard < 5 },
    ],
    [
      'full, with a record of none',
      /^receipt\.result\.verification\.mode: it is none, the policy asks for full$/m,
      { policy: full, mode: 'none', ...nothing },
    ],
    [
      'none, with a record of full',
      /^receipt\.result\.verification\.mode: it is full, the policy asks for none$/m,
      { policy: { verify: 'none' }, mode: 'full', isChecked: every },
    ],
    [
      'spotcheck, with a record of none',
      /^receipt\.result\.verification\.mode: it is none, the policy asks for spotcheck$/m,
      { mode: 'none', ...nothing },
    ],
    [
      'full that gave up',
      /^receipt\.result\.verification\.status: full never gives up on checks$/m,
      { policy: full, status: 'degraded', isChecked: every },
    ],
    [
      'none that gave up',
      /^receipt\.result\.verification\.status: none never gives up on checks$/m,
      { policy: { verify: 'none' }, status: 'degraded', ...nothing },
    ],
    [
      'spotcheck that gave up and should rather fail',
      /^receipt\.result\.verification\.status: it gave up on checks, and the policy does not allow it$/m,
      { policy: { on_unverified: 'fail' }, status: 'degraded', ...nothing },
    ],
  ])('%s, do not', async (_, found, told) => {
    expect(await wrongIn(await aBundle(told))).toEqual([expect.stringMatching(found)])
  })

  it('of a job that gave up bill what was reached', async () => {
    const gaveUp = await aBundle({ status: 'degraded', ...nothing })
    const whole = await aBundle()
    const { body } = gaveUp.receipt
    expect(body.billing.work?.verify).toBe('none')
    const billing = { ...body.billing, work: whole.receipt.body.billing.work }
    const found = await wrongIn({ ...gaveUp, ...documentsOf({ ...body, billing }) })
    expect(found.join('\n')).toMatch(/^receipt\.billing\.work\.verify: it is spotcheck, not none$/m)
  })
})
