// How a server looks at whose the jobs are: an owner is not taken for dead at the first look, and what came while the store
// looked is not taken for gone.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { createLogger } from '../../logger.ts'
import type { OwnerLook } from '../../store/owner-store.ts'
import type { JobRow } from '../../store/store.ts'
import { OWNER_LIMITS } from './limits.ts'
import { Ownership } from './ownership.ts'

const [one, two] = ['one' as JobId, 'two' as JobId]
const DEAD = 7

async function looking(
  look: () => Promise<Partial<OwnerLook>>,
  take: () => Promise<JobRow[]> = () => Promise.resolve([]),
) {
  const told: string[] = []
  const held = new Set<JobId>()
  const coming = new Set<JobId>()
  const log: string[] = []
  const agents = { isAny: true }
  let lost: (() => void) | undefined
  let retaken = (): void => undefined
  const ownership = new Ownership({
    store: {
      async enter(heard, heardOfLoss) {
        retaken = heard
        lost = heardOfLoss
        const retake = async (): Promise<void> => void told.push('retake')
        return { number: 1, retake, leave: async () => void told.push('leave') }
      },
      jobsByOwner: async () => ({ isHere: true, own: [], deserted: [], ...(await look()) }),
      async takeJobs(_, from, isAgain) {
        told.push(`take of ${from?.join() ?? 'all'}${isAgain === true ? ' again' : ''}`)
        return take()
      },
      wantCancelled: async () => true,
    },
    logger: createLogger('warn', { write: (line) => void log.push(JSON.parse(line).msg) }),
    hasAgents: () => agents.isAny,
    held,
    isComing: (id) => coming.has(id),
    taken: (rows: readonly JobRow[]) => void told.push(`taken ${rows.length}`),
    cancel: (id) => void told.push(`cancel ${id}`),
    drop: (id) => void told.push(`drop ${id}`),
  })
  await ownership.begin()
  told.length = 0
  return { ownership, told, held, coming, log, agents, lost: () => lost?.(), retaken: () => retaken() }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const { lookMs, desertedMs, desertedIdleMs } = OWNER_LIMITS

test('a job that is its own and held by nobody is taken up at the second look that shows it so', async () => {
  const own = [
    { id: one, isCancelWanted: false },
    { id: two, isCancelWanted: false },
  ]
  const { ownership, told, held, coming } = await looking(async () => ({ own }))
  held.add(one)
  coming.add(two)
  for (let look = 0; look < 3; look++) await ownership.look()
  // It has ended by the time that the store's answer is here, or is held again before the next one.
  held.delete(one)
  await ownership.look()
  held.add(one)
  await ownership.look()
  held.delete(one)
  await ownership.look()
  expect(told).toEqual([])
  await ownership.look()
  expect(told).toEqual(['take of  again', 'taken 0'])
  ownership.stop()
})

test('what is another’s or has ended is dropped, what is to be cancelled is, and what is held stays', async () => {
  const own = [{ id: two, isCancelWanted: false }]
  const { ownership, told, held } = await looking(async () => ({ own }))
  held.add(one).add(two)
  await ownership.look()
  expect(told).toEqual(['drop one'])
  held.delete(one)
  own.splice(0, 1, { id: two, isCancelWanted: true })
  await ownership.look()
  expect(told).toEqual(['drop one', 'cancel two'])
  ownership.stop()
})

test('a job that comes while the store looks is not in what it saw, and stays', async () => {
  const { ownership, told, held } = await looking(async () => {
    held.add(one)
    return {}
  })
  await ownership.look()
  expect(told).toEqual([])
  ownership.stop()
})

test('an owner must be seen dead for a while, without a sign of life between', async () => {
  let deserted = [DEAD]
  const { ownership, told } = await looking(async () => ({ deserted }))
  await vi.advanceTimersByTimeAsync(lookMs)
  expect(told).toEqual([])
  deserted = []
  await vi.advanceTimersByTimeAsync(lookMs)
  deserted = [DEAD]
  await vi.advanceTimersByTimeAsync(lookMs)
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(desertedMs + lookMs)
  expect(told.slice(0, 2)).toEqual([`take of ${DEAD}`, 'taken 0'])
  ownership.stop()
})

test('a server without agents leaves the jobs of a dead one to others for as long as a restart takes, and then takes them', async () => {
  const { ownership, told, agents } = await looking(async () => ({ deserted: [DEAD] }))
  agents.isAny = false
  await vi.advanceTimersByTimeAsync(desertedIdleMs)
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(2 * lookMs)
  expect(told[0]).toBe(`take of ${DEAD}`)
  ownership.stop()
})

test('the first agent that comes meanwhile makes it take them', async () => {
  const { ownership, told, agents } = await looking(async () => ({ deserted: [DEAD] }))
  agents.isAny = false
  await vi.advanceTimersByTimeAsync(desertedMs + 2 * lookMs)
  expect(told).toEqual([])
  agents.isAny = true
  await vi.advanceTimersByTimeAsync(lookMs)
  expect(told[0]).toBe(`take of ${DEAD}`)
  ownership.stop()
})

test('an operator reads that a lock was lost, and that it is held again', async () => {
  const { ownership, log, lost, retaken } = await looking(async () => ({}))
  lost()
  retaken()
  expect(log).toEqual([
    'this server’s lock in the database is lost',
    'this server’s lock in the database is held again',
  ])
  ownership.stop()
})

test('jobs that were taken while the store broke off are asked for again, until they are heard of', async () => {
  let deserted = [DEAD]
  let isBroken = false
  const take = async (): Promise<JobRow[]> => {
    if (isBroken) throw new Error('the store broke off')
    return []
  }
  const { ownership, told } = await looking(async () => ({ deserted }), take)
  isBroken = true
  await vi.advanceTimersByTimeAsync(desertedMs + 2 * lookMs)
  expect(told).toEqual([`take of ${DEAD}`])
  deserted = []
  await vi.advanceTimersByTimeAsync(lookMs)
  isBroken = false
  await vi.advanceTimersByTimeAsync(2 * lookMs)
  expect(told).toEqual([`take of ${DEAD}`, 'take of  again', 'take of  again', 'taken 0'])
  ownership.stop()
})

test('a lock that is not there is taken again, and whoever has it again looks at once', async () => {
  let looks = 0
  const { ownership, told, retaken } = await looking(async () => {
    looks++
    return { isHere: looks > 1 }
  })
  const first = ownership.look()
  retaken()
  expect(looks).toBe(1)
  await first
  await vi.waitFor(() => expect(looks).toBe(2))
  expect(told).toEqual(['retake'])
  ownership.stop()
})

test('while the store does not answer, looks do not pile up, and after the stop none says anything', async () => {
  let looks = 0
  let answer: (look: Partial<OwnerLook>) => void = () => undefined
  const { ownership, told, held } = await looking(() => {
    looks++
    return new Promise((resolve) => (answer = resolve))
  })
  held.add(one)
  await vi.advanceTimersByTimeAsync(100 * lookMs)
  expect(looks).toBe(1)
  ownership.stop()
  answer({})
  await ownership.leave()
  expect(told).toEqual(['leave'])
})
