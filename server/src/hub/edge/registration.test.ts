// For as long as a registration may yet say what becomes of a job, nobody else takes it up: its row may be there before the
// store's answer, and without a name it is to end.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import * as price from '../../billing/price.ts'
import { ANY_NUMBER, NO_LIMITS } from '../../store/ledger-store.ts'
import { aJob } from '../../store/store.fixtures.ts'
import type { InsertedJob, JobRow } from '../../store/store.ts'
import * as planning from './planning.ts'
import { Registration } from './registration.ts'

beforeEach(() => {
  vi.spyOn(planning, 'planOf').mockReturnValue({} as ReturnType<typeof planning.planOf>)
  vi.spyOn(price, 'termsOf').mockReturnValue({} as ReturnType<typeof price.termsOf>)
})
afterEach(() => void vi.restoreAllMocks())

const job = aJob('project' as ProjectId)
const brokenOff = Object.assign(new Error('the connection was lost'), { code: 'CONNECTION_CLOSED' })

function promised<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((...both) => ([resolve, reject] = both))
  return { promise, resolve, reject }
}

function registering() {
  const told: string[] = []
  const answers = promised<InsertedJob>()
  const reads = promised<JobRow | null>()
  const registration = new Registration({
    store: { registerJob: () => answers.promise, job: () => reads.promise },
    rows: { reading: (read) => read(), failed: async (_, code) => void told.push(`failed: ${code}`) },
    owner: () => 1,
    isUnfinished: () => false,
    resume: () => void told.push('resumed'),
    track: (work) => void work,
  })
  const submitted = registration.submit(job, NO_LIMITS, ANY_NUMBER).catch(() => told.push('refused'))
  return { registration, told, answers, reads, submitted }
}

test('a job is coming until the store has answered', async () => {
  const { registration, told, answers, submitted } = registering()
  expect(registration.isComing(job.id)).toBe(true)
  answers.resolve({ inserted: true })
  await submitted
  expect(told).toEqual(['resumed'])
  expect(registration.isComing(job.id)).toBe(false)
})

test('and where it broke off, until the row was read back and ended', async () => {
  const { registration, told, answers, reads, submitted } = registering()
  answers.reject(brokenOff)
  await submitted
  expect(registration.isComing(job.id)).toBe(true)
  reads.resolve({ ...job, finishedAtMs: null, owner: 1 } as JobRow)
  await vi.waitFor(() => expect(registration.isComing(job.id)).toBe(false))
  expect(told).toEqual(['refused', 'failed: STORE_UNAVAILABLE'])
})

test('what the store refuses is not coming any more', async () => {
  const { registration, answers, submitted } = registering()
  answers.reject(new Error('no'))
  await submitted
  expect(registration.isComing(job.id)).toBe(false)
})
