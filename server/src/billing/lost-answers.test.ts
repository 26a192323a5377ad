// A credit note whose commit's answer is lost: it is tried again, finds itself, and is no other's.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { register } from '../store/ledger.fixtures.ts'
import { complete, noWrites } from '../store/store.fixtures.ts'
import { Crashing } from './crashing.fixtures.ts'

const START_TIMEOUT_MS = 60_000
const project = 'project' as ProjectId
let world: Crashing
beforeAll(async () => {
  world = await Crashing.inMemory()
  await world.start().insertProject({ id: project, name: 'x', createdAtMs: 1, limits: '{}' })
}, START_TIMEOUT_MS)
afterAll(() => world.close())

/** At the statement of that number, counted from the note's first; false when there was none of it. */
async function noteWithLoss(at: number): Promise<boolean> {
  const store = world.start()
  const id = await register(store, project)
  await complete(store, id, noWrites)
  const before = world.lost
  world.arm({ at, how: 'lost' })
  const note = { microCredits: 400n, reason: 'late', atMs: 1_790_000_000_000 + at }
  try {
    expect(await store.creditNote(id, note), `lost at statement ${at}`).toBe(true)
  } finally {
    world.arm(null)
  }
  expect((await store.transactionsOf(id)).map(({ kind }) => kind)).toEqual(['reserve', 'settle', 'credit-note'])
  expect(await store.noticesOf(id)).toHaveLength(1)
  return world.lost > before
}

test('wherever the answer is lost, the note is there once and its operator is told that it is', async () => {
  let at = 0
  while (await noteWithLoss(at)) at++
  // From `begin` to `commit`.
  expect(at).toBeGreaterThan(10)
})

test('a note that somebody else gave meanwhile is not taken for one’s own', async () => {
  const store = world.start()
  const note = { microCredits: 400n, reason: 'late', atMs: 1_790_000_000_000 }
  for (const other of [{ microCredits: 399n }, { reason: 'later' }, { atMs: note.atMs + 1 }]) {
    const id = await register(store, project)
    await complete(store, id, noWrites)
    expect(await store.creditNote(id, { ...note, ...other })).toBe(true)
    world.arm({ at: 0, how: 'lost' })
    expect(await store.creditNote(id, note)).toBe(false)
    world.arm(null)
  }
})
