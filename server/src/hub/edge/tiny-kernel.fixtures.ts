// A kernel of two passes that a person can follow, and agents that run it as a test says. It stands in the place of the
// real one, under its name, because the price list and the registry know no other. It imports neither: both import it.
import { io, type Socket } from 'socket.io-client'
import { z } from 'zod'
import { answerFrame, helloFrame } from '@forge/shared/agent/frames.ts'
import { identityFromKeys, newSecretKey } from '@forge/shared/agent/identity.ts'
import type { Assignment, Reply, Tally } from '@forge/shared/contract/agent-events.ts'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { digest } from '@forge/shared/exact/digest.ts'
import { rational } from '@forge/shared/exact/rational.ts'
import { PartialError, shardRange, type Kernel, type Launch, type ShardRange } from '@forge/shared/kernels/kernel.ts'

const UNITS_PER_SHARD = 10
const argsSchema = z.strictObject({ shards: z.int(), twice: z.boolean().default(true) })

interface Total {
  sum: number
  above: number
}
/** The first pass adds up what its units are worth; the last one counts those above the mean, which the sum gives. */
interface Shard {
  readonly sum: number
  readonly above: number
}

const worth = (unit: number, key: number): number => (unit * 37 + key) % 101

/** Bytes of the program's name, then of sum and count: as plain as a partial can be. */
export const tinyPartial = (sum: number, above: number): Uint8Array => utf8(`${sum} ${above}`)

function reference({ program, constants }: Launch, { firstUnit, units }: ShardRange): Uint8Array {
  const [key = 0, mean = 0] = constants
  const worths = Array.from({ length: units }, (_, n) => worth(Number(firstUnit) + n, key))
  const sum = worths.reduce((all, one) => all + one, 0)
  return tinyPartial(sum, program === 'tail' ? worths.filter((one) => one > mean).length : 0)
}

export const tinyKernel = {
  id: { op: 'mc', version: 1, profile: 'insurance.v1' },
  aliases: [],
  digest: digest('kernel.v1', utf8('tiny')),
  argsSchema,
  outputSchema: z.strictObject({ sum: z.number(), above: z.number() }),
  partialBytesMax: 100,
  plan: ({ shards, twice }: z.infer<typeof argsSchema>) => ({
    grid: {
      units: BigInt(shards * UNITS_PER_SHARD - 3),
      unitsPerShard: UNITS_PER_SHARD,
      shards,
      passes: twice ? 2 : 1,
    },
    drawsPerUnit: rational(10_000_000n),
    tables: {},
    passes: [{ program: 'sums', facts: {} }],
    refines: twice,
    facts: {},
  }),
  launch: (_, { program, facts }, [key], tables) => {
    const mean = 'mean' in facts ? Number(facts.mean) : 0
    return { program, constants: Uint32Array.of(key % 101, mean), tables }
  },
  reference,
  decode: (bytes, units, _, { program }, witness): Shard => {
    const [sum = NaN, above = NaN] = new TextDecoder().decode(bytes).split(' ').map(Number)
    if (!(sum >= 0 && sum <= units * 100)) throw new PartialError(`a sum of ${sum}`)
    if (!(above >= 0 && above <= (program === 'tail' ? units : 0))) throw new PartialError(`a count of ${above}`)
    if (witness !== undefined && BigInt(sum) !== witness[0]) {
      throw new PartialError(`the sum is ${sum}, the first pass had ${witness[0]}`)
    }
    return { sum, above }
  },
  empty: (): Total => ({ sum: 0, above: 0 }),
  add: (total: Total, { sum, above }: Shard, pass: number) => {
    if (pass === 0) total.sum += sum
    total.above += above
  },
  refine: ({ sum }: Total, _, { grid }) => ({
    program: 'tail',
    facts: { mean: Math.floor(sum / Number(grid.units)) },
  }),
  witness: ({ sum }: Shard) => [BigInt(sum)],
  output: ({ sum, above }: Total) => ({ sum, above }),
} satisfies Kernel<z.infer<typeof argsSchema>, Shard, Total>

export type Lie = (shard: number, partial: Uint8Array, program: string) => Uint8Array

export interface TinyOptions {
  readonly lie?: Lie
  readonly holds?: (assignment: Assignment) => boolean
  /** A node token, or the referee's, where it is to be the referee. */
  readonly token?: string
}

/** An agent on a real socket: it answers each assignment at once, unless it is told to wait. */
export class TinyAgent {
  readonly assigned: Assignment[] = []
  readonly replies: Reply[] = []
  tally: Tally = { accepted: 0, pending: 0, rejected: 0 }
  readonly #socket: Socket
  readonly #identity = identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
  readonly #lie: Lie
  readonly #token: string | undefined
  readonly #holds: (assignment: Assignment) => boolean

  constructor(url: string, { lie = (_, partial) => partial, holds = () => false, token }: TinyOptions = {}) {
    this.#token = token
    this.#lie = lie
    this.#holds = holds
    this.#socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true })
    this.#socket.on('challenge', ({ nonce }) => void this.#join(nonce))
    this.#socket.on('tally', (tally: Tally) => (this.tally = tally))
    this.#socket.on('assign', (assignment: Assignment) => {
      this.assigned.push(assignment)
      if (!this.#holds(assignment)) void this.answer(assignment)
    })
  }

  async #join(nonce: string): Promise<void> {
    // The Hub knows no other frame before it has answered this one.
    await this.#socket.emitWithAck(
      'hello',
      await helloFrame(nonce, this.#identity, { kind: 'node', token: this.#token }),
    )
    this.#socket.emit('ready', {
      engine: 'reference',
      kernel: 'mc/1/insurance.v1',
      kernelDigest: tinyKernel.digest,
      digests: [],
      unitsPerSecond: 100,
    })
  }

  async answer(assignment: Assignment): Promise<void> {
    const { program, constants, units, unitsPerShard, passes, shards } = assignment
    const grid = { units: BigInt(units), unitsPerShard, passes, shards: Math.ceil(Number(units) / unitsPerShard) }
    const launch = { program, constants: Uint32Array.from(constants), tables: {} }
    const results = shards.map((shard) => {
      const partial = this.#lie(shard, tinyKernel.reference(launch, shardRange(grid, shard)), program)
      return { shard, partial, kernelMs: 100 }
    })
    const frame = await answerFrame(assignment, results, this.#identity)
    this.#socket.emit('answer', frame, (reply: Reply) => this.replies.push(reply))
  }

  close(): void {
    this.#socket.disconnect()
  }
}
