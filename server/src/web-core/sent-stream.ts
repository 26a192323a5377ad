// A text that is made as its reader takes it. Whoever takes nothing more for so long has left, though its connection stands: it
// gives back what it holds, and is cut, since the rest cannot be said to be whole.
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { WEB_LIMITS } from './limits.ts'

export interface SentStream {
  /** Runs once, however it ends. */
  readonly close: () => void
  /** Ends the connection. */
  readonly cut: () => void
  /** How long a reader may take nothing. The time in which the next piece is made does not count. */
  readonly idleMs: number
}

/** Nothing is made before it is asked for. */
export function streamOf(
  pieces: AsyncGenerator<string>,
  { close, cut, idleMs }: SentStream,
): ReadableStream<Uint8Array> {
  let rest: Uint8Array = new Uint8Array()
  let timer: NodeJS.Timeout | undefined
  let [isStalled, isOver] = [false, false]

  const end = (): void => {
    clearTimeout(timer)
    if (!isOver) close()
    isOver = true
  }
  const stalled = (): void => {
    isStalled = true
    end()
    pieces.return(undefined).catch(() => undefined)
    cut()
  }
  const next = async (): Promise<Uint8Array | null> => {
    while (rest.length === 0) {
      const { done, value } = await pieces.next()
      if (done === true) return null
      rest = utf8(value)
    }
    const chunk = rest.slice(0, WEB_LIMITS.sentBytesAtOnce)
    rest = rest.subarray(chunk.length)
    return chunk
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer)
        try {
          if (isStalled) throw new Error('the reader took nothing for too long')
          const chunk = await next()
          if (chunk === null) {
            end()
            controller.close()
            return
          }
          controller.enqueue(chunk)
          timer = setTimeout(stalled, idleMs).unref()
        } catch (error) {
          end()
          controller.error(error)
        }
      },
      async cancel() {
        end()
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
