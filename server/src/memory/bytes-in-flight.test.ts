// Uploads at once: whatever begins, grows and ends in whichever order, the store's count and what is in flight never exceed the
// quota together, and when all have ended the whole of what is left can be had again.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { createBytesInFlight, type Reservation, type UploadOf } from './bytes-in-flight.ts'

const project = 'p' as ProjectId
const MOST = 100

/** Blobs by name, as a store has them. */
function world(most: number | null = MOST) {
  const stored = new Map<string, number>()
  const used = (): number => [...stored.values()].reduce((sum, bytes) => sum + bytes, 0)
  const inFlight = createBytesInFlight()
  const begin = (name: string, of: Partial<UploadOf> = {}): Reservation =>
    inFlight.begin({
      projectId: project,
      limit: 'blobBytes',
      most,
      name,
      count: async () => ({ used: used(), replaced: stored.get(name) ?? 0 }),
      ...of,
    })
  return { stored, used, begin }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), name: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ kind: fc.constant('grow' as const), upload: fc.nat(11), by: fc.nat(60) }),
  fc.record({ kind: fc.constant('end' as const), upload: fc.nat(11), claimed: fc.boolean() }),
)

test('what is stored and what is in flight fit the quota together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const { stored, used, begin } = world()
      const open: { name: string; bytes: number; reservation: Reservation }[] = []
      const end = (at: number, claimed: boolean): void => {
        const [one] = open.splice(at % Math.max(1, open.length), 1)
        if (one === undefined) return
        if (claimed) stored.set(one.name, one.bytes)
        one.reservation.release(claimed)
      }
      for (const one of steps) {
        if (one.kind === 'begin') open.push({ name: one.name, bytes: 0, reservation: begin(one.name) })
        else if (one.kind === 'end') end(one.upload, one.claimed)
        else {
          const upload = open[one.upload % Math.max(1, open.length)]
          if (upload !== undefined && (await upload.reservation.reserve(upload.bytes + one.by))) upload.bytes += one.by
        }
        // The last of each name replaces what was there: were all claimed at this moment, they would fit.
        const claimed = new Map([...stored, ...open.map(({ name, bytes }) => [name, bytes] as const)])
        expect([...claimed.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(MOST)
        // Beside what they replace, which stays until they are claimed, they never have more than the quota on disk.
        const names = new Set(open.map(({ name }) => name))
        const kept = [...stored].reduce((sum, [name, bytes]) => sum + (names.has(name) ? 0 : bytes), 0)
        expect(kept + open.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(MOST)
      }
      while (open.length > 0) end(0, false)
      const left = MOST - used()
      const rest = begin('rest')
      expect([await rest.reserve(left), await rest.reserve(left + 1)]).toEqual([true, false])
    }),
  )
})

test('an upload that began before another was claimed knows of it, and of what was deleted since', async () => {
  const { stored, begin } = world()
  const slow = begin('slow')
  expect(await slow.reserve(1)).toBe(true)
  const quick = begin('quick')
  expect(await quick.reserve(99)).toBe(true)
  stored.set('quick', 99)
  quick.release(true)
  expect(await slow.reserve(2)).toBe(false)
  stored.delete('quick')
  expect(await slow.reserve(100)).toBe(true)
})

test('a full project may write each of its names anew at once, and each of them once', async () => {
  const { stored, begin } = world()
  stored.set('a', 60).set('b', 40)
  const [a, b, again] = [begin('a'), begin('b'), begin('a')]
  expect([await a.reserve(60), await b.reserve(40), await again.reserve(60)]).toEqual([true, true, false])
  a.release(false)
  a.release(true)
  expect(await again.reserve(60)).toBe(true)
})

test('projects and kinds do not count against each other, and without a quota everything fits', async () => {
  const { begin } = world()
  expect(await begin('a').reserve(MOST)).toBe(true)
  expect(await begin('b', { projectId: 'q' as ProjectId }).reserve(MOST)).toBe(true)
  expect(await begin('c', { limit: 'vmemBytes' }).reserve(MOST)).toBe(true)
  expect(await begin('d').reserve(1)).toBe(false)
  expect(await world(null).begin('a').reserve(Number.MAX_SAFE_INTEGER)).toBe(true)
})
