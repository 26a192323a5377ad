// A hostile client of the agents' door: it opens connection after connection, with and without a name, some with a proven
// engine and shards in hand, and says garbage on each until the Hub hangs up.
import { io, type Socket } from 'socket.io-client'
import { answerFrame, helloFrame } from '@forge/shared/agent/frames.ts'
import { identityFromKeys, newSecretKey, type Identity } from '@forge/shared/agent/identity.ts'
import { assignmentSchema, challengeSchema, type Assignment } from '@forge/shared/contract/agent-events.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { randomBytes } from 'node:crypto'
import type { Dice } from './dice.ts'
import { garbage, type Overheard } from './garbage.ts'

interface Hostility {
  /** How often each kind was said. */
  readonly said: Readonly<Record<string, number>>
  readonly connections: number
}

/** How many connections at a time. */
const HANDS = 4
const FRAMES_PER_CONNECTION = 5

/** Says `frames` things; resolves when the Hub has heard the last of them. `overheard` may grow meanwhile. */
export async function beHostile(
  url: string,
  frames: number,
  overheard: () => Overheard,
  dice: (hand: number) => Dice,
): Promise<Hostility> {
  const said: Record<string, number> = {}
  const count = { frames: 0, connections: 0 }
  const note = (kind: string): void => {
    said[kind] = (said[kind] ?? 0) + 1
    count.frames += 1
  }
  await Promise.all(
    Array.from({ length: HANDS }, async (_, hand) => {
      const own = dice(hand)
      while (count.frames < frames) {
        count.connections += 1
        await visit(url, own, overheard, note)
      }
    }),
  )
  return { said, connections: count.connections }
}

interface Connection {
  readonly socket: Socket
  /** What the Hub sent first. */
  readonly nonce: string
  /** `wanted`, or 'gone' when the Hub hangs up before it comes. */
  orGone<T>(wanted: Promise<T>): Promise<T | 'gone'>
}

async function connection(url: string): Promise<Connection> {
  const socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true })
  const gone = new Promise<'gone'>((resolve) => void socket.once('disconnect', () => resolve('gone')))
  const challenge = await new Promise((resolve, reject) => {
    socket.once('challenge', resolve)
    socket.once('connect_error', reject)
  })
  const orGone = <T>(wanted: Promise<T>): Promise<T | 'gone'> => Promise.race([wanted, gone])
  return { socket, nonce: challengeSchema.parse(challenge).nonce, orGone }
}

interface Named extends Connection {
  readonly identity: Identity
}

/** A connection that has said who it is: a fresh key costs nothing. */
export async function named(url: string): Promise<Named> {
  const opened = await connection(url)
  const identity = identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() })
  await opened.orGone(opened.socket.emitWithAck('hello', await helloFrame(opened.nonce, identity, { kind: 'node' })))
  return { ...opened, identity }
}

async function visit(url: string, dice: Dice, overheard: () => Overheard, note: (kind: string) => void): Promise<void> {
  const talk = async ({ socket, orGone }: Connection, last: readonly [event: string, frame: object]): Promise<void> => {
    for (let n = 0; n < FRAMES_PER_CONNECTION && socket.connected; n += 1) {
      const { kind, say } = garbage(dice, overheard())
      say(socket)
      note(kind)
    }
    // Frames of one connection are heard in order: once this is answered, all were. Mostly the Hub hangs up before.
    await orGone(socket.emitWithAck(...last))
    socket.disconnect()
  }
  if (dice.chance(0.2)) return talk(await connection(url), ['hello', {}])
  const opened = await named(url)
  if (dice.chance(0.3)) await infiltrate(opened, dice, note)
  await talk(opened, ['handback', NOBODYS])
}

const NOBODYS = { assignmentId: '00'.repeat(16), epoch: 0 }

/** Passes the self-test, whose answers anybody can know, and answers real assignments with junk, rightly signed. */
async function infiltrate(
  { socket, identity, orGone }: Named,
  dice: Dice,
  note: (kind: string) => void,
): Promise<void> {
  const [artifact] = artifacts
  if (artifact === undefined) throw new Error('there is no kernel')
  const assigned: Assignment[] = []
  socket.on('assign', (frame) => void assigned.push(assignmentSchema.parse(frame)))
  const ready = {
    engine: 'wasm',
    kernel: artifact.name,
    kernelDigest: artifact.kernelDigest,
    digests: artifact.knownAnswers.map(({ digest }) => digest),
    unitsPerSecond: 1e6,
  }
  await orGone(socket.emitWithAck('ready', ready))
  // What there is to do comes before the answer to this.
  await orGone(socket.emitWithAck('handback', NOBODYS))
  for (const assignment of assigned) {
    const junk = assignment.shards
      .slice(0, 64)
      .map((shard) => ({ shard, partial: Uint8Array.from(junkPartial(dice)), kernelMs: 0 }))
    await orGone(socket.emitWithAck('answer', await answerFrame(assignment, junk, identity)))
    note('junk for a real assignment')
  }
}

/** A layout that exists, with anything behind it; or anything at all. */
function junkPartial(dice: Dice): Uint8Array {
  const bytes = randomBytes(dice.int(1, 5_000))
  if (dice.chance(0.7) && bytes.length > 8) bytes.set([dice.int(1, 4), 0, 0, 0, 0, 0, 2, 0])
  return bytes
}
