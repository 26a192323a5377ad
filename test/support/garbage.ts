// What a hostile socket says: frames of every event with every kind of wrong in them, and packets that are no frames at
// all. All of it is drawn, and none of it could be said by an honest agent.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'socket.io-client'
import type { Dice } from './dice.ts'

/** Says one thing on a socket. */
export type Say = (socket: Socket) => void

/** Frames that somebody said before, to be said again. */
export type Overheard = readonly (readonly [event: string, frame: object])[]

const EVENTS = ['hello', 'ready', 'answer', 'failed', 'handback', 'pause']
/** Of no protocol, of the Hub's own side, or of socket.io's and JavaScript's inner life. */
const STRANGE_EVENTS = ['assign', 'tally', 'refused', 'toString', '__proto__', 'constructor', '', 'x'.repeat(70_000)]
/** socket.io's client would not say these. */
const RESERVED_EVENTS = ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener']
/** Just below what the door lets through, so that it is parsed and not only counted. */
const HUGE = 4 * 2 ** 20
const DEEP = 20_000

export function garbage(dice: Dice, overheard: Overheard): { readonly kind: string; readonly say: Say } {
  const kind = dice.pick(Object.keys(KINDS))
  const make = KINDS[kind]
  if (make === undefined) throw new Error(`no garbage of kind ${kind}`)
  return { kind, say: make(dice, overheard) }
}

const emit =
  (event: string, ...frame: unknown[]): Say =>
  (socket) =>
    void socket.emit(event, ...frame)
/** Below socket.io: a packet as its text. */
const write =
  (packet: string): Say =>
  (socket) =>
    socket.io.engine.write(packet)

const KINDS: Readonly<Record<string, (dice: Dice, overheard: Overheard) => Say>> = {
  'a value of any type': (dice) => emit(dice.pick(EVENTS), anything(dice, 3)),
  'many values': (dice) => emit(dice.pick(EVENTS), ...Array.from({ length: 50 }, () => anything(dice, 1))),
  'no value': (dice) => emit(dice.pick(EVENTS)),
  'a frame with something wrong': (dice) => emit(dice.pick(EVENTS), almostRight(dice)),
  'a huge text': (dice) => emit(dice.pick(EVENTS), 'x'.repeat(dice.int(1, HUGE))),
  'a huge name': (dice) => emit(dice.pick(EVENTS), { [`${'n'.repeat(dice.int(1, HUGE))}`]: 1 }),
  'many names': (dice) =>
    emit(dice.pick(EVENTS), Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field${n}`, n]))),
  'a deep value': (dice) => write(`2["${dice.pick(EVENTS)}",${'['.repeat(DEEP)}${']'.repeat(DEEP)}]`),
  'a deep value with bytes somewhere': (dice) => (socket) => {
    const deep = `${'{"a":'.repeat(DEEP)}{"_placeholder":true,"num":0}${'}'.repeat(DEEP)}`
    socket.io.engine.write(`51-["${dice.pick(EVENTS)}",${deep}]`)
    socket.io.engine.write(Buffer.from('bytes'))
  },
  'binary junk': (dice) => emit(dice.pick(EVENTS), randomBytes(dice.int(0, 65_536))),
  'bytes where none belong': (dice) =>
    emit(dice.pick(EVENTS), { ...Object(almostRight(dice)), assignmentId: randomBytes(16), epoch: randomBytes(4) }),
  'bytes of nobody': () => (socket) => socket.io.engine.write(randomBytes(2_000)),
  'attachments that do not come': (dice) =>
    write(`5${dice.int(1, 9_999_999)}-["answer",{"_placeholder":true,"num":0}]`),
  'no packet': (dice) =>
    write(dice.pick(['9nonsense', '2["hello",{', '2{}', '3', '51-["answer",{"_placeholder":true,"num":7}]'])),
  'a reserved event': (dice) => write(`2${JSON.stringify([dice.pick(RESERVED_EVENTS), {}])}`),
  'another namespace': () => write('0/admin,'),
  'a strange event': (dice) => emit(dice.pick(STRANGE_EVENTS), anything(dice, 2)),
  'what was said before': (dice, overheard) => {
    const [event, frame] = overheard.length === 0 ? (['hello', {}] as const) : dice.pick(overheard)
    return emit(event, frame)
  },
}

/** Any value that JSON can say, and some that it cannot. */
function anything(dice: Dice, depth: number): unknown {
  const inner = (): unknown => (depth === 0 ? null : anything(dice, depth - 1))
  return dice.pick<() => unknown>([
    () => null,
    () => true,
    () => dice.pick([0, -1, 2 ** 53, -1e308, 1e-320, Number.NaN, Infinity]),
    () => dice.pick(['', 'null', '\u0000', '\ud800', '𝄞', '../../etc/passwd', "'; drop table jobs; --"]),
    () => Array.from({ length: dice.int(0, 5) }, inner),
    () => ({ ok: true, code: inner() }),
    (): unknown => JSON.parse('{"__proto__": {"ok": true}, "constructor": null}'),
    () => randomBytes(dice.int(0, 100)),
  ])()
}

const ID = 'ab'.repeat(16)
const FENCE = { assignmentId: ID, epoch: 1 }

/** Every field in its place, and one thing that cannot be. */
function almostRight(dice: Dice): unknown {
  const shard = { shard: 0, digest: 'cd'.repeat(32), bytes: 10 }
  const answer = { ...FENCE, shards: [shard], partials: randomBytes(10), kernelMs: 1, signature: `${'A'.repeat(86)}==` }
  return dice.pick([
    { ...FENCE, epoch: -1 },
    { ...FENCE, assignmentId: ID.toUpperCase() },
    { ...FENCE, shard: 1e9, reason: 'no such shard' },
    { ...FENCE, shard: 0, reason: 'r'.repeat(501) },
    answer,
    { ...answer, shards: Array.from({ length: 65 }, () => shard) },
    { ...answer, shards: [shard, shard], partials: randomBytes(20) },
    { ...answer, shards: [{ ...shard, bytes: 2 ** 31 }] },
    { ...answer, kernelMs: 1e308 },
    { ...answer, partials: [...randomBytes(10)] },
    { protocol: 1, publicKey: `${'A'.repeat(43)}=`, signature: `${'A'.repeat(86)}==`, kind: 'node' },
    { protocol: 2 ** 31, publicKey: '', signature: '', kind: 'referee' },
    { engine: 'wasm', kernel: 'mc/1/insurance.v1', kernelDigest: 'ef'.repeat(32), digests: [], unitsPerSecond: 1e308 },
    { pause: 'for ever' },
  ])
}
