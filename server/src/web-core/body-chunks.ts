// The bytes of a body as its client sends them, and how slowly that may be: there is no time for the whole request, so that
// an upload takes the hours that it needs, but one that stands still, or only just moves, does not keep its place. What
// counts is the time in which the server waits for the client, not what its own store takes.
import { WEB_LIMITS } from './limits.ts'
import { refuse, Refusal } from './refusal.ts'

/** Nothing came for so long; in each stretch of it comes `bodyBytesPerSecondMin`, or the end. */
export interface BodyPace {
  readonly idleMs: number
}

/** Why no more of a body comes, as it is told to its client. */
export class BodyEnded extends Error {
  override readonly name = 'BodyEnded'
  readonly why: 'broke off' | 'too slow' | 'too fragmented'
  constructor(why: BodyEnded['why']) {
    super(`a body ended: ${why}`)
    this.why = why
  }
}

/** Throws a {@link BodyEnded}, and nothing else. */
export async function* bodyChunks(
  body: ReadableStream<Uint8Array> | null,
  { idleMs }: BodyPace,
): AsyncIterable<Uint8Array> {
  if (body === null) return
  const { bodyCrumbsMax: crumbsMax, bodyChunkBytesMin: chunkBytesMin } = WEB_LIMITS
  const bytesMin = Math.ceil((WEB_LIMITS.bodyBytesPerSecondMin * idleMs) / 1_000)
  const endsMs = performance.now() + WEB_LIMITS.bodyHoursMax * 3_600_000
  const reader = body.getReader()
  // Of this stretch, and since the last bytes.
  let [waitedMs, silentMs, came] = [0, 0, 0]
  let [chunks, bytes] = [0, 0]
  try {
    for (let pending = read(reader); ;) {
      const askedMs = performance.now()
      const leftMs = Math.min(idleMs - Math.max(waitedMs, silentMs), endsMs - askedMs)
      const answer = await withinMs(pending, leftMs)
      const tookMs = performance.now() - askedMs
      waitedMs += tookMs
      silentMs += tookMs
      if (answer === null) {
        if (silentMs >= idleMs || came < bytesMin || performance.now() >= endsMs) throw new BodyEnded('too slow')
        waitedMs = 0
        came = 0
        continue
      }
      if (answer instanceof BodyEnded) throw answer
      if (answer.done) return
      silentMs = 0
      came += answer.value.length
      bytes += answer.value.length
      // Each costs microseconds, whatever is in it.
      if (bytes < (++chunks - crumbsMax) * chunkBytesMin) throw new BodyEnded('too fragmented')
      yield answer.value
      pending = read(reader)
    }
  } finally {
    reader.releaseLock()
  }
}

/** What is left of the body is not read, so nothing else can come on this connection. */
export function bodyTooSlow({ idleMs }: BodyPace): Refusal {
  const { bodyBytesPerSecondMin: rate, bodyHoursMax: hours } = WEB_LIMITS
  const detail = `A body has to go on coming: something every ${idleMs / 1_000} s, ${rate} bytes a second over that time, and all of it within ${hours} hours. Nothing was kept; send it again.`
  return new Refusal(refuse('BODY_TOO_SLOW', detail).problem, { Connection: 'close' })
}

/** As above. */
export function bodyTooFragmented(): Refusal {
  const { bodyCrumbsMax: crumbs, bodyChunkBytesMin: least } = WEB_LIMITS
  const detail = `The body comes in too many tiny chunks: it may have ${crumbs} of any size (bodyCrumbsMax), and one more for every ${least} bytes (bodyChunkBytesMin). Collect some before you send them, or send the body whole.`
  return new Refusal(refuse('BODY_TOO_FRAGMENTED', detail).problem, { Connection: 'close' })
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** Never rejects, so that it may be left behind. */
const read = (reader: Reader): Promise<Awaited<ReturnType<Reader['read']>> | BodyEnded> =>
  reader.read().catch(() => new BodyEnded('broke off'))

/** Null when it took longer. */
function withinMs<T>(work: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
