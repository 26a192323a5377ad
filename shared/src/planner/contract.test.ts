// Laws of the contract's names: what does not change the meaning does not change the digest, all else does. The frozen
// values were computed from the texts by SHA-256 alone, without this code.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contractSchema, type Policy } from '../contract/envelope.ts'
import { isRefusal, type Kernel, type KernelPlan } from '../kernels/kernel.ts'
import { kernel as insurance } from '../kernels/mc.insurance.v1/kernel.ts'
import { contractDigest, keyOfSeed, planDigest } from './contract.ts'

const kernel: Kernel = insurance
const founding = { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 }
const digestOf = (sent: object, seed = 'lab-sim-001'): string =>
  contractDigest(kernel, kernel.argsSchema.parse(sent), seed)
const sha = (tag: string, text: string): string =>
  createHash('sha256').update(`forge-pool/${tag}\0${text}`).digest('hex')

describe('the digest of a contract', () => {
  it('is SHA-256 of the RFC 8785 form with every default filled in', () => {
    const args =
      '{"aggregate_deductible":0,"aggregate_limit":250000,"cat_limit":50000,"cat_mu":10,"cat_prob":0.02,"cat_sig":1.5,' +
      '"claim_freq":2,"claim_severity_mu":6,"claim_severity_sig":1,"deductible":0,"iterations":10000000,' +
      '"oep":false,"policy_limit":50000,"quantiles":[]}'
    const text = `{"args":${args},"op":"mc","profile":"insurance.v1","references":[],"root_seed":"lab-sim-001","version":1}`
    expect(sha('contract.v1', text)).toBe('f69dab4d0b491dbf1754734099815ac2a8b6b0bc4d5411501be1fa6886c92c91')
    expect(digestOf(founding)).toBe('f69dab4d0b491dbf1754734099815ac2a8b6b0bc4d5411501be1fa6886c92c91')
  })

  const spelledOut: Record<string, unknown> = {
    ...founding,
    cat_prob: 0.02,
    cat_mu: 10,
    cat_sig: 1.5,
    policy_limit: 50_000,
    aggregate_limit: 250_000,
    deductible: 0,
    aggregate_deductible: 0,
    cat_limit: 50_000,
    quantiles: false,
    oep: false,
  }

  it('does not tell a default from the same value sent, nor one order of keys from another, nor -0 from 0', () => {
    const names = Object.keys(spelledOut)
    const required = new Set(Object.keys(founding))
    const order = fc.shuffledSubarray(names, { minLength: 0 })
    fc.assert(
      fc.property(order, fc.boolean(), (some, minus) => {
        const sent = [...some, ...[...required].filter((name) => !some.includes(name))]
        const args = Object.fromEntries(
          sent.map((name) => [name, minus && spelledOut[name] === 0 ? -0 : spelledOut[name]]),
        )
        expect(digestOf(args)).toBe(digestOf(founding))
      }),
    )
  })

  it('does not tell spellings of one double apart', () => {
    const read = (text: string): unknown => JSON.parse(text)
    expect(digestOf({ ...founding, claim_freq: read('2.0'), iterations: read('1e7') })).toBe(digestOf(founding))
    expect(digestOf({ ...founding, claim_severity_mu: read('6.0000000000000000001') })).toBe(digestOf(founding))
  })

  it('names the profile, by whichever alias it was found', () => {
    expect(kernel.aliases).toEqual(['insurance.loss.v1'])
    const args = kernel.argsSchema.parse(founding)
    expect(contractDigest({ ...kernel, aliases: [] }, args, 'lab-sim-001')).toBe(digestOf(founding))
  })

  it('changes with every argument, the seed and the kernel', () => {
    const other = (value: unknown): unknown => (value === false ? true : 1.0)
    const changed = Object.entries(spelledOut).map(([name, value]) => digestOf({ ...spelledOut, [name]: other(value) }))
    const lifted = ['policy_limit', 'aggregate_limit', 'cat_limit'].map((name) =>
      digestOf({ ...spelledOut, [name]: null }),
    )
    const again = { ...kernel, id: { ...kernel.id, version: 2 } }
    const args = kernel.argsSchema.parse(founding)
    const others = [digestOf(founding, 'lab-sim-002'), contractDigest(again, args, 'lab-sim-001')]
    // claim_severity_sig is 1 as it is.
    expect(new Set([digestOf(founding), ...changed, ...lifted, ...others]).size).toBe(1 + 13 + 3 + 2)
  })
})

describe('the key of a seed', () => {
  it.each([
    ['lab-sim-001', 0x4888ee3d, 0x38c6bfa3],
    ['figures', 0x14a9874f, 0xa00183f3],
    ['0', 0xa82e33f1, 0xfff0de2b],
    ['ü€😀', 0xeb6649fc, 0x609931a8],
  ])('of "%s" is frozen', (seed, key0, key1) => {
    expect(keyOfSeed(kernel.id, seed)).toEqual([key0, key1])
    expect(sha('seed-to-key.v1', `mc\0${1}\0insurance.v1\0${seed}`).slice(0, 16)).toBe(
      key0.toString(16).padStart(8, '0') + key1.toString(16).padStart(8, '0'),
    )
  })

  it('is the same for every contract of a profile, and another for another seed or profile', () => {
    const seeds = fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 2, maxLength: 20 })
    fc.assert(
      fc.property(seeds, (some) => {
        const keys = some.map((seed) => keyOfSeed(kernel.id, seed).join())
        expect(new Set(keys).size).toBe(some.length)
        const other = keyOfSeed({ ...kernel.id, profile: 'insurance.v2' }, some[0] ?? '')
        expect(keys).not.toContain(other.join())
      }),
    )
  })
})

describe('the digest of a plan', () => {
  const policy: Policy = contractSchema.shape.policy.parse({
    target: 'any',
    min_agents: 1,
    max_agents: 4,
    verify: 'spotcheck',
  })
  const planOf = (sent: object): KernelPlan => {
    const found = kernel.plan(kernel.argsSchema.parse(sent))
    if (isRefusal(found)) throw new Error('this contract fits')
    return found
  }
  const contract = contractDigest(kernel, kernel.argsSchema.parse(founding), 'a')

  it('changes with contract, kernel, grid, tables, facts and policy', () => {
    const plan = planOf(founding)
    const other = contractDigest(kernel, kernel.argsSchema.parse(founding), 'b')
    const digests = [
      planDigest(contract, kernel, plan, {}, policy),
      planDigest(other, kernel, plan, {}, policy),
      planDigest(contract, { ...kernel, digest: contract }, plan, {}, policy),
      planDigest(contract, kernel, { ...plan, grid: { ...plan.grid, shards: 78 } }, {}, policy),
      planDigest(contract, kernel, { ...plan, grid: { ...plan.grid, units: 1n } }, {}, policy),
      planDigest(contract, kernel, { ...plan, grid: { ...plan.grid, unitsPerShard: 1 } }, {}, policy),
      planDigest(contract, kernel, { ...plan, facts: { ...plan.facts, sumCap: 1 } }, {}, policy),
      planDigest(contract, kernel, plan, { severity: contract }, policy),
      planDigest(contract, kernel, plan, {}, { ...policy, verify: 'full' }),
    ]
    expect(new Set(digests).size).toBe(digests.length)
  })

  it('is the same for equal plans', () => {
    expect(planDigest(contract, kernel, planOf(founding), {}, policy)).toBe(
      planDigest(contract, kernel, planOf({ ...founding, cat_mu: 10 }), {}, { ...policy }),
    )
  })
})
