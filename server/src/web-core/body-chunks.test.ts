// How slowly a body may come, on a clock of the test's own: hours pass at once, and nothing waits for them.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BodyEnded, bodyChunks } from './body-chunks.ts'
import { WEB_LIMITS } from './limits.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

const IDLE_MS = 60_000
const ENOUGH = (WEB_LIMITS.bodyBytesPerSecondMin * IDLE_MS) / 1_000

/** Reads a body in which these bytes come after these ms each; what was read, and how it ended. */
async function reading(steps: readonly (readonly [afterMs: number, bytes: number])[], end: 'closes' | 'stays open') {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  let bytes = 0
  const read = async (): Promise<string> => {
    try {
      for await (const chunk of bodyChunks(readable, { idleMs: IDLE_MS })) bytes += chunk.length
      return 'whole'
    } catch (error) {
      return error instanceof BodyEnded ? error.why : 'something else'
    }
  }
  let how: string | null = null
  void read().then((ended) => (how = ended))
  for (const [afterMs, count] of steps) {
    await vi.advanceTimersByTimeAsync(afterMs)
    if (how !== null) break
    writer.write(new Uint8Array(count)).catch(() => undefined)
    await vi.advanceTimersByTimeAsync(0)
  }
  if (end === 'closes' && how === null) writer.close().catch(() => undefined)
  await vi.advanceTimersByTimeAsync(end === 'closes' ? 0 : 2 * IDLE_MS)
  return { bytes, how }
}

const times = (count: number, step: readonly [number, number]) => Array.from({ length: count }, () => step)

test('what goes on coming is waited for, for hours', async () => {
  expect(await reading(times(500, [59_000, ENOUGH]), 'closes')).toEqual({ bytes: 500 * ENOUGH, how: 'whole' })
})

test('a body of which nothing comes is given up after the time', async () => {
  expect(await reading([], 'stays open')).toEqual({ bytes: 0, how: 'too slow' })
  expect(await reading([[0, 10 * ENOUGH]], 'stays open')).toEqual({ bytes: 10 * ENOUGH, how: 'too slow' })
  expect(await reading([[59_999, 1]], 'closes')).toEqual({ bytes: 1, how: 'whole' })
  expect(await reading([[60_000, 1]], 'closes')).toEqual({ bytes: 0, how: 'too slow' })
})

test('a byte now and then is not enough', async () => {
  const { bytes, how } = await reading(times(100, [10_000, 1]), 'stays open')
  expect(how).toBe('too slow')
  expect(bytes).toBeLessThan(10)
})

test('a body has an end, however well it comes', async () => {
  const minutes = WEB_LIMITS.bodyHoursMax * 60
  const { bytes, how } = await reading(times(minutes + 10, [59_999, ENOUGH]), 'stays open')
  expect(how).toBe('too slow')
  expect(bytes / ENOUGH).toBeGreaterThanOrEqual(minutes - 1)
})

test('the time that whoever reads takes is not the client’s', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1))
    },
  })
  let chunks = 0
  for await (const chunk of bodyChunks(body, { idleMs: IDLE_MS })) {
    chunks += chunk.length
    await vi.advanceTimersByTimeAsync(50_000)
    if (chunks === 20) break
  }
  expect(chunks).toBe(20)
})
