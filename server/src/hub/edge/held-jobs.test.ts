// A job is planned once for each time that it becomes this Hub's, and what has ended or is another's never comes into the
// core, whenever its planning returns. Plans are made by hand here: when they come is what this is about.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { createLogger } from '../../logger.ts'
import { aJob } from '../../store/store.fixtures.ts'
import type { HubState, JobSpec } from '../core/state.ts'
import type { Happening } from './agent-listener.ts'
import { HeldJobs, type HeldJobsDeps } from './held-jobs.ts'
import * as planning from './planning.ts'

const plans: { readonly id: JobId; readonly signal: AbortSignal; come(): void; fail(): void }[] = []
beforeEach(() => {
  plans.splice(0)
  vi.spyOn(planning, 'jobSpecOf').mockImplementation(({ id: job }) => ({ id: job }) as JobSpec)
  vi.spyOn(planning, 'planInTime').mockImplementation(
    ({ id: job }, { closing: signal }) =>
      new Promise((resolve, reject) => {
        const ready = { planned: {}, submissions: [], ending: null, voided: [] } as object as planning.ReadyJob
        plans.push({ id: job, signal, come: () => resolve(ready), fail: () => reject(new Error('by hand')) })
      }),
  )
})
afterEach(() => void vi.restoreAllMocks())

const row: planning.UnfinishedJob = { ...aJob('project' as ProjectId), state: 'QUEUED', basis: null, ending: null }
const { id } = row

/** Lets everything that needs no plan and no store come to its end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function holding() {
  const told: string[] = []
  const unfinished = new Set<JobId>()
  const jobs = new Map<JobId, unknown>()
  let stored = (): void => undefined
  const write = (what: string): Promise<void> => {
    told.push(what)
    return new Promise((resolve) => (stored = resolve))
  }
  const deps: HeldJobsDeps = {
    store: {} as HeldJobsDeps['store'],
    tables: {} as HeldJobsDeps['tables'],
    logger: createLogger('silent'),
    rows: {
      failed: () => write('failed'),
      cancelled: () => write('cancelled'),
      noticed: async () => undefined,
      forget: () => undefined,
    },
    waiters: { unfinished, release: (job) => void unfinished.delete(job) },
    core: { jobs: jobs as HubState['jobs'] },
    closing: new AbortController().signal,
    raise(happening: Happening) {
      told.push(happening.type)
      if (happening.type === 'job-planned') jobs.set(happening.job.id, {})
      if (happening.type === 'job-ended') jobs.delete(happening.jobId)
    },
    track: (work) => void work,
    forget: () => undefined,
    metrics: undefined,
  }
  return { held: new HeldJobs(deps), told, unfinished, jobs, stored: () => stored() }
}

test('a job that is dropped while it is planned and taken back is planned again, and once', async () => {
  const { held, told, unfinished, jobs } = holding()
  held.resume(row)
  held.drop(id)
  expect(plans[0]?.signal.aborted).toBe(true)
  held.resume(row)
  held.resume(row)
  expect(plans).toHaveLength(2)
  plans[0]?.come()
  await settled()
  expect(jobs.has(id)).toBe(false)
  // The one that returned has not taken the other one's place.
  held.resume(row)
  expect(plans).toHaveLength(2)
  plans[1]?.come()
  await settled()
  expect(told).toEqual(['job-ended', 'job-planned'])
  expect([jobs.has(id), unfinished.has(id)]).toEqual([true, true])
})

test.each(['before', 'after'] as const)(
  'a job whose cancellation is being written is not planned again, when its plan comes %s that',
  async (when) => {
    const { held, told, unfinished, jobs, stored } = holding()
    held.resume(row)
    held.cancel(id)
    if (when === 'before') plans[0]?.come()
    await settled()
    held.resume(row)
    expect(plans).toHaveLength(1)
    stored()
    await settled()
    plans[0]?.come()
    await settled()
    expect(told).toEqual(['cancelled', 'job-ended'])
    expect([jobs.has(id), unfinished.has(id)]).toEqual([false, false])
  },
)

test('an end that comes by another way than a cancellation ends the planning as well', async () => {
  const { held, jobs } = holding()
  held.resume(row)
  await held.end(id, async () => undefined)
  expect(plans[0]?.signal.aborted).toBe(true)
  plans[0]?.come()
  await settled()
  expect(jobs.has(id)).toBe(false)
})

test('a job that cannot be planned ends, and is not planned while that is written', async () => {
  const { held, told, unfinished, stored } = holding()
  held.resume(row)
  plans[0]?.fail()
  await settled()
  held.resume(row)
  expect(plans).toHaveLength(1)
  stored()
  await settled()
  expect(told).toEqual(['failed', 'job-ended'])
  expect(unfinished.has(id)).toBe(false)
})

test('what only the core knows of is dropped as well', () => {
  const { held, told, jobs } = holding()
  jobs.set(id, {})
  held.drop(id)
  expect(told).toEqual(['job-cancelled', 'job-ended'])
  expect(jobs.has(id)).toBe(false)
})
