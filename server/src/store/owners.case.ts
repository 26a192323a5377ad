// Whose jobs are, on either store. On PGlite all servers are one session, which holds the locks of all.
import { ulid } from 'ulid'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import { expect, test } from 'vitest'
import { NOBODY, type ServerPlace } from './owner-store.ts'
import type { Store } from './store.ts'
import { accepted, aJob, digestOf } from './store.fixtures.ts'

const nothing = (): void => undefined

export function testOwners({ store, project }: { store: () => Store; project: () => ProjectId }): void {
  const owned = async (owner: number | null): Promise<JobId> => {
    const job = aJob(project(), { owner })
    await store().insertJob(job)
    return job.id
  }
  const withServers = async (work: (...places: [ServerPlace, ServerPlace]) => Promise<void>): Promise<void> => {
    const places = await Promise.all([store().enter(nothing), store().enter(nothing)] as const)
    try {
      await work(...places)
    } finally {
      for (const place of places) await place.leave()
    }
  }
  const ownerOf = async (id: JobId) => (await store().job(id))?.owner

  test('a living owner’s jobs are nobody else’s, a dead one’s are the first’s who takes them', async () => {
    await withServers(async (here, there) => {
      expect(here.number).not.toBe(there.number)
      const gone = await store().enter(nothing)
      const [mine, other, left] = [await owned(here.number), await owned(there.number), await owned(gone.number)]
      const seen = await store().jobsByOwner(here.number)
      expect(seen).toMatchObject({ isHere: true, own: [{ id: mine, isCancelWanted: false }] })
      expect(seen.deserted).not.toContain(gone.number)
      await gone.leave()
      expect((await store().jobsByOwner(here.number)).deserted).toContain(gone.number)
      expect(await store().jobsByOwner(gone.number)).toMatchObject({ isHere: false, own: [{ id: left }] })

      expect(await store().takeJobs(here.number, [there.number])).toEqual([])
      const both = await Promise.all([here, there].map(({ number }) => store().takeJobs(number, [gone.number])))
      expect(both.flat().map(({ id }) => id)).toEqual([left])
      expect([here.number, there.number]).toContain(await ownerOf(left))
      expect([await ownerOf(mine), await ownerOf(other)]).toEqual([here.number, there.number])
      // What was taken and not heard of comes when it is asked for again.
      const again = (await store().takeJobs(here.number, [], true)).map(({ id }) => id)
      expect(again).toContain(mine)
      expect(again).not.toContain(other)
    })
  })

  test('jobs without an owner are anybody’s, and what has ended stays as it was', async () => {
    const [open, ended] = [await owned(null), await owned(null)]
    const stopped = problem('CANCELLED', 'The client asked for it.', { job_id: ended })
    await store().finishJob(ended, { state: 'CANCELLED', problem: stopped, finishedAtMs: 9 })
    await withServers(async (here) => {
      expect((await store().jobsByOwner(here.number)).deserted).toContain(NOBODY)
      const ids = (await store().takeJobs(here.number, null)).map(({ id }) => id)
      expect(ids).toContain(open)
      expect(ids).not.toContain(ended)
      expect((await store().jobsByOwner(here.number)).deserted).toEqual([])
    })
  })

  test('a wish to cancel is there for the owner; of what has ended, or is unknown, nothing is written', async () => {
    await withServers(async (here) => {
      const id = await owned(here.number)
      expect(await store().wantCancelled(id, 5)).toBe(true)
      expect(await store().wantCancelled(id, 6)).toBe(true)
      expect(await store().job(id)).toMatchObject({ cancelWantedAtMs: 5, finishedAtMs: null })
      expect((await store().jobsByOwner(here.number)).own).toEqual([{ id, isCancelWanted: true }])
      const stopped = problem('CANCELLED', 'The client asked for it.', { job_id: id })
      await store().finishJob(id, { state: 'CANCELLED', problem: stopped, finishedAtMs: 9 })
      expect(await store().wantCancelled(id, 7)).toBe(false)
      expect(await store().wantCancelled(ulid() as JobId, 7)).toBe(false)
    })
  })

  test('who says whose hand writes changes and ends its own jobs alone', async () => {
    await withServers(async (here, there) => {
      const id = await owned(here.number)
      const stopped = problem('CANCELLED', 'The client asked for it.', { job_id: id })
      const by = async (owner: number) => [
        await store().updateJob(id, { state: 'RUNNING', reason: null, owner }),
        await store().setBasis(id, digestOf(`basis ${owner}`), owner),
        await store().finishJob(id, { state: 'CANCELLED', problem: stopped, finishedAtMs: 9, owner }),
      ]
      expect(await by(there.number)).toEqual([false, false, false])
      expect(await store().job(id)).toMatchObject({ state: 'QUEUED', basis: null, finishedAtMs: null })
      const [verdict] = accepted(id, [0]).verdicts
      if (verdict === undefined) throw new Error('one shard has a verdict')
      await expect(store().writeEnding(id, [verdict], '{}', there.number)).rejects.toThrow(/another server/)
      expect(await store().verdicts(id)).toEqual([])
      await store().writeEnding(id, [verdict], '{}', here.number)
      expect(await by(here.number)).toEqual([true, true, true])
    })
  })
}
