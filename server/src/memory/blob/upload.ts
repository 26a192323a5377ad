// An upload as it comes: counted, digested and passed on to the object store chunk by chunk. Nothing is believed of what a
// header says of its length, and nothing is kept in memory.
import { createHash, type Hash } from 'node:crypto'
import type { MemoryStore, StoredObject } from '../../store/memory.ts'
import { BodyEnded, bodyChunks, bodyTooFragmented, bodyTooSlow, type BodyPace } from '../../web-core/body-chunks.ts'
import { WEB_LIMITS } from '../../web-core/limits.ts'
import { refuse, Refusal } from '../../web-core/refusal.ts'
import type { BytesInFlight } from '../bytes-in-flight.ts'
import type { ObjectStore } from './object-store.ts'

/** An upload that takes longer than this, claims and all, is taken for abandoned; its body has ended hours before. */
const UPLOAD_HOURS_MAX = WEB_LIMITS.bodyHoursMax + 4

export interface ObjectDeps {
  readonly store: MemoryStore
  readonly objects: ObjectStore
  readonly inFlight: BytesInFlight
  readonly clock: () => number
  readonly newUlid: () => string
}

/** What came, stored and not yet claimed by anything. */
export interface Received extends StoredObject {
  /** By the name of each digest that was asked for; 32 bytes. */
  readonly digests: ReadonlyMap<Hash, Uint8Array>
}

export interface UploadBounds {
  /** Of all bytes so far: why there may not be so many, which ends it. */
  admit(bytes: number): Refusal | null | Promise<Refusal | null>
  /** Digests beside SHA-256, begun with what comes before the bytes. */
  readonly hashes?: readonly Hash[]
}

class Stopped extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super('an upload was refused')
    this.refusal = refusal
  }
}

/** The caller claims the object in a transaction, or discards it. */
export async function receive(
  body: AsyncIterable<Uint8Array>,
  { admit, hashes = [] }: UploadBounds,
  { store, objects, clock, newUlid }: Omit<ObjectDeps, 'inFlight'>,
): Promise<Received | Refusal> {
  const objectId = newUlid()
  await store.beginObject(objectId, clock() + UPLOAD_HOURS_MAX * 3_600_000)
  const sha256 = createHash('sha256')
  let bytes = 0
  const counted = async function* (): AsyncIterable<Uint8Array> {
    for await (const chunk of body) {
      bytes += chunk.length
      const refused = await admit(bytes)
      if (refused !== null) throw new Stopped(closing(refused))
      for (const hash of [sha256, ...hashes]) hash.update(chunk)
      yield chunk
    }
  }
  try {
    await objects.put(objectId, counted())
  } catch (error) {
    await store.discardObject(objectId, clock())
    if (error instanceof Stopped) return error.refusal
    throw error
  }
  const digests = new Map(hashes.map((hash) => [hash, new Uint8Array(hash.digest())]))
  return { objectId, bytes, sha256: sha256.digest('hex'), digests }
}

/**
 * Of what was received and is not claimed: its bytes go at once, because they take room that no count has, and its row with
 * the next sweep, which removes what could not be removed here.
 */
export async function discard(
  objectId: string,
  { store, objects, clock }: Pick<ObjectDeps, 'store' | 'objects' | 'clock'>,
): Promise<void> {
  await store.discardObject(objectId, clock())
  await objects.remove(objectId).catch(() => undefined)
}

/** What a client sends. That it breaks off, or hardly comes, is the client's; what any other source throws is not. */
export async function* sentBy(body: ReadableStream<Uint8Array> | null, pace: BodyPace): AsyncIterable<Uint8Array> {
  try {
    yield* bodyChunks(body, pace)
  } catch (error) {
    if (!(error instanceof BodyEnded)) throw error
    if (error.why === 'too slow') throw new Stopped(bodyTooSlow(pace))
    if (error.why === 'too fragmented') throw new Stopped(bodyTooFragmented())
    throw new Stopped(refuse('INCOMPLETE_BODY', 'The body broke off before its end; nothing was kept.'))
  }
}

/** What is left of the body is not read, so nothing else can come on this connection. */
const closing = ({ problem, headers }: Refusal): Refusal => new Refusal(problem, { ...headers, Connection: 'close' })
