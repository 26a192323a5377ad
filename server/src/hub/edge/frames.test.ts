// What an answer must prove: whatever bit of it is changed, it no longer opens, and nothing that a stranger can send
// makes opening or judging it throw.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { answerFrame } from '@forge/shared/agent/frames.ts'
import { AGENT_LIMITS, handbackSchema, type Answer, type Assignment } from '@forge/shared/contract/agent-events.ts'
import type { AssignmentId } from '@forge/shared/contract/ids.ts'
import { partialDigest } from '@forge/shared/reducer/reduce.ts'
import { PartialError, type Kernel, type KernelPlan, type Witness } from '@forge/shared/kernels/kernel.ts'
import { implausibleShard, isRefused, openAnswer, parseFrame, sameDigests, type SignedAnswer } from './frames.ts'
import { identity, newIdentity } from './gateway.fixtures.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import type { PlannedPass } from './planning.ts'

const assignment = { assignmentId: '0f'.repeat(16) as AssignmentId, epoch: 7 } as Assignment
const partials = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6)]
let honest: Answer

beforeAll(async () => {
  const results = partials.map((partial, n) => ({ shard: 10 + n, partial, kernelMs: 2 }))
  honest = await answerFrame(assignment, results, identity)
})

const open = (frame: unknown): ReturnType<typeof openAnswer> => openAnswer(frame, identity.publicKey)
const code = (frame: unknown): string => {
  const opened = open(frame)
  return isRefused(opened) ? opened.code : 'opened'
}

describe('an honest answer', () => {
  it('opens into the bytes of each shard', () => {
    const opened = open(honest)
    if (isRefused(opened)) throw new Error(opened.message)
    expect([...opened.partials]).toEqual(partials.map((partial, n) => [10 + n, partial]))
  })

  it('opens from a view into a larger buffer, as a socket delivers it', () => {
    const buffer = Buffer.concat([Buffer.from('before'), honest.partials, Buffer.from('after')])
    const opened = open({ ...honest, partials: buffer.subarray(6, 12) })
    if (isRefused(opened)) throw new Error(opened.message)
    const digests = [...opened.partials.values()].map((partial) => partialDigest(partial))
    expect(digests).toEqual(honest.shards.map(({ digest }) => digest))
  })
})

it('is refused in a sentence, however long the name of a field that nobody knows', () => {
  const refused = parseFrame(handbackSchema, {
    assignmentId: assignment.assignmentId,
    epoch: 7,
    ['n'.repeat(30_000)]: 1,
  })
  expect(isRefused(refused) && refused.message.length).toBe(GATEWAY_LIMITS.sentenceCharactersMax)
})

describe('a changed answer', () => {
  it('of another key, epoch or assignment does not open', async () => {
    expect(openAnswer(honest, newIdentity().publicKey)).toMatchObject({ code: 'BAD_SIGNATURE' })
    expect(code({ ...honest, epoch: 8 })).toBe('BAD_SIGNATURE')
    expect(code({ ...honest, assignmentId: '1f'.repeat(16) })).toBe('BAD_SIGNATURE')
  })

  it('with any bit of its partials flipped does not open', () => {
    fc.assert(
      fc.property(fc.nat(honest.partials.length - 1), fc.nat(7), (at, bit) => {
        const flipped = honest.partials.map((byte, n) => (n === at ? byte ^ (1 << bit) : byte))
        expect(code({ ...honest, partials: flipped })).toBe('BAD_PARTIAL')
      }),
    )
  })

  it('with any character of its signature changed does not open', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='
    fc.assert(
      fc.property(fc.nat(85), fc.constantFrom(...alphabet), (at, character) => {
        const signature = `${honest.signature.slice(0, at)}${character}${honest.signature.slice(at + 1)}`
        // The last character before the padding carries bits that base64 ignores.
        fc.pre(signature !== honest.signature && at < 85)
        expect(code({ ...honest, signature })).toMatch(/BAD_SIGNATURE|BAD_FRAME/)
      }),
      { numRuns: 50 },
    )
  })

  it('with shards swapped, left out, doubled or with other sizes does not open', () => {
    const [a, b, c] = honest.shards
    if (a === undefined || b === undefined || c === undefined) throw new Error('three shards were answered')
    expect(code({ ...honest, shards: [b, a, c] })).toBe('BAD_SIGNATURE')
    expect(code({ ...honest, shards: [a, b] })).toBe('BAD_FRAME')
    expect(code({ ...honest, shards: [a, b, { ...c, shard: 10 }] })).toBe('BAD_FRAME')
    expect(code({ ...honest, shards: [{ ...a, bytes: 2 }, { ...b, bytes: 2 }, c] })).toBe('BAD_PARTIAL')
    expect(code({ ...honest, shards: [{ ...a, shard: 99 }, b, c] })).toBe('BAD_SIGNATURE')
  })

  it.each([
    ['no shards', { shards: [] }],
    ['too many shards', { shards: Array.from({ length: AGENT_LIMITS.shardsPerAnswerMax + 1 }, () => ({})) }],
    [
      'a partial of no bytes',
      { shards: [{ shard: 0, digest: '0'.repeat(64), bytes: 0 }], partials: new Uint8Array(0) },
    ],
    ['a partial beyond all partials', { shards: [{ shard: 0, digest: '0'.repeat(64), bytes: 1e6 }] }],
    ['an infinite time', { kernelMs: Infinity }],
    ['a time below zero', { kernelMs: -1 }],
    ['an epoch that is no integer', { epoch: 0.5 }],
    ['partials as text', { partials: 'AQID' }],
    ['a field more', { trusted: true }],
  ])('with %s is no frame', (_, change) => {
    expect(code({ ...honest, ...change })).toBe('BAD_FRAME')
  })

  it('with more bytes than an answer may have is no frame, and says so', () => {
    const tooMany = new Uint8Array(AGENT_LIMITS.answerBytesMax + 1)
    expect(open({ ...honest, partials: tooMany })).toMatchObject({ message: expect.stringContaining('more bytes') })
  })
})

describe('anything at all', () => {
  const field = fc.oneof(fc.anything(), fc.uint8Array({ maxLength: 40 }))
  it('is refused, never thrown at', () => {
    fc.assert(fc.property(fc.anything(), (frame) => code(frame) === 'BAD_FRAME'))
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(honest)), field, (name, value) => {
        expect(code({ ...honest, [name]: value })).not.toBe('')
      }),
    )
  })

  it('that is refused says where', () => {
    expect(parseFrame(handbackSchema, { assignmentId: 'x', epoch: 1 })).toMatchObject({
      ok: false,
      code: 'BAD_FRAME',
      message: expect.stringContaining('assignmentId'),
    })
    expect(parseFrame(handbackSchema, undefined)).toMatchObject({ code: 'BAD_FRAME' })
  })
})

describe('an implausible shard', () => {
  const grid = { units: 250n, unitsPerShard: 100, shards: 3, passes: 1 }
  /** Takes partials of one byte: the units of the shard. */
  const kernel = {
    decode(bytes: Uint8Array, units: number) {
      if (bytes[0] !== units) throw new PartialError(`${bytes[0]} units, not ${units}`)
      if (bytes.length > 1) throw new TypeError('a bug of ours')
      return null
    },
    partialBytesMax: 3,
  } as unknown as Kernel
  const plan = { grid } as unknown as KernelPlan
  const passes = [{ witnesses: null } as PlannedPass]
  const judge = (shards: [number, Uint8Array][]): ReturnType<typeof implausibleShard> =>
    implausibleShard({ partials: new Map(shards) } as unknown as SignedAnswer, { kernel, plan, passes })

  it('is the first that cannot be true, by the units of its own range', () => {
    const [full, rest] = [Uint8Array.of(100), Uint8Array.of(50)]
    expect(
      judge([
        [0, full],
        [2, rest],
      ]),
    ).toBeNull()
    expect(
      judge([
        [0, full],
        [2, full],
        [1, rest],
      ]),
    ).toMatchObject({ shard: 2, reason: '100 units, not 50' })
  })

  it('is one that the job does not have', () => {
    for (const shard of [3, 65_535]) expect(judge([[shard, Uint8Array.of(100)]])).toMatchObject({ shard })
  })

  it('is one that is longer than any of its kernel', () => {
    expect(judge([[0, Uint8Array.of(100, 0, 0, 0)]])).toMatchObject({
      shard: 0,
      reason: expect.stringContaining('4 bytes'),
    })
  })

  it('is one that contradicts its witness, unless it cannot be true by itself either', () => {
    const beside = {
      decode(bytes: Uint8Array, units: number, _plan: unknown, _pass: unknown, witness?: Witness) {
        if (witness !== undefined && BigInt(bytes[1] ?? 0) !== witness[0]) throw new PartialError('the sum differs')
        if (bytes[0] !== units) throw new PartialError(`${bytes[0]} units, not ${units}`)
      },
      partialBytesMax: 3,
    } as unknown as Kernel
    const planned = {
      kernel: beside,
      plan: { grid: { ...grid, passes: 2 } } as unknown as KernelPlan,
      passes: [{ witnesses: null }, { witnesses: [[7n], [8n], [9n]] }] as unknown as PlannedPass[],
    }
    const judged = (shard: number, ...bytes: number[]): ReturnType<typeof implausibleShard> => {
      const only = new Map([[shard, Uint8Array.from(bytes)]])
      return implausibleShard({ partials: only } as unknown as SignedAnswer, planned)
    }
    expect(judged(4, 100, 8)).toBeNull()
    expect(judged(1, 100, 7), 'the first pass has none').toBeNull()
    expect(judged(4, 100, 7)).toEqual({ shard: 4, reason: 'the sum differs', contradicts: true })
    expect(judged(4, 99, 7)).toMatchObject({ contradicts: false })
    expect(judged(4, 99, 8)).toMatchObject({ contradicts: false })
    expect(judged(4, 100, 7, 0, 0)).toMatchObject({ contradicts: false })
  })

  it('is not an excuse for a bug of ours', () => {
    expect(() => judge([[0, Uint8Array.of(100, 1)]])).toThrow('a bug of ours')
  })
})

describe('a self-test', () => {
  it('gives all digests, in order, and no more', () => {
    const known = honest.shards
    const given = known.map(({ digest }) => digest)
    expect(sameDigests(given, known)).toBe(true)
    expect(sameDigests(given.slice(1), known)).toBe(false)
    expect(sameDigests([...given, ...given], known)).toBe(false)
    expect(sameDigests(given.toReversed(), known)).toBe(false)
    expect(sameDigests([], known)).toBe(false)
  })
})
