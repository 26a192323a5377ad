// A server's lock on a connection that is lost or answers no more: whoever must know is told, and nobody waits for ever.
import { afterEach, expect, test, vi } from 'vitest'
import { STORE_LIMITS } from './limits.ts'
import { enterServer } from './server-place.ts'

/** Not of the literal type that each of them has. */
const limits: { readonly leaveMsMax: number } = STORE_LIMITS
afterEach(() => void vi.restoreAllMocks())

async function entered() {
  const told: string[] = []
  const database = { answers: true }
  let lost = (): void => undefined
  const session = {
    query: (text: string): Promise<unknown[][]> => {
      if (!database.answers) return new Promise(() => undefined)
      return Promise.resolve(text.includes('advisory') ? [[true]] : [])
    },
    close: async () => void told.push('closed'),
  }
  const engine = {
    session(heard: () => void) {
      lost = heard
      return session
    },
  }
  const place = await enterServer(
    engine,
    () => void told.push('retaken'),
    () => void told.push('lost'),
  )
  return { place, told, database, lost: () => lost() }
}

test('a lock that is lost and taken again is told of, once each', async () => {
  const { place, told, lost } = await entered()
  lost()
  await place.retake()
  expect(told).toEqual(['lost', 'retaken'])
  await place.leave()
  // The end of the connection that it gave up itself is no loss.
  lost()
  expect(told).toEqual(['lost', 'retaken', 'closed'])
})

test('leaving a database that is gone without a word does not hold up a stop', async () => {
  const leaveMsMax = 50
  vi.spyOn(limits, 'leaveMsMax', 'get').mockReturnValue(leaveMsMax)
  const { place, database } = await entered()
  database.answers = false
  const beganMs = performance.now()
  await place.leave()
  expect(performance.now() - beganMs).toBeGreaterThan(leaveMsMax / 2)
})
