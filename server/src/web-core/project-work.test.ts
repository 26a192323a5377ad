// One read for all that ask within some seconds; a failure is kept for nobody.
import { expect, test, vi } from 'vitest'
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { WEB_LIMITS } from './limits.ts'
import { createWorkOf } from './project-work.ts'

const [one, other] = ['one', 'other'] as ProjectId[] as [ProjectId, ProjectId]

test('is read once within its time, for each project, and again after it', async () => {
  let nowMs = 0
  const asked: ProjectId[] = []
  const workOf = createWorkOf(
    async (id) => {
      asked.push(id)
      return []
    },
    () => nowMs,
  )
  await Promise.all([workOf(one), workOf(one), workOf(other)])
  nowMs = WEB_LIMITS.projectWorkMs - 1
  await workOf(one)
  expect(asked).toEqual([one, other])
  nowMs++
  await workOf(one)
  expect(asked).toEqual([one, other, one])
})

test('a clock of the machine that is set back keeps no answer for longer', async () => {
  const wall = vi.spyOn(Date, 'now').mockReturnValue(1e12)
  const steady = vi.spyOn(performance, 'now').mockReturnValue(5)
  try {
    let reads = 0
    const workOf = createWorkOf(async () => {
      reads++
      return []
    })
    await workOf(one)
    wall.mockReturnValue(1e12 - 3_600_000)
    steady.mockReturnValue(5 + WEB_LIMITS.projectWorkMs)
    await workOf(one)
    expect(reads).toBe(2)
  } finally {
    wall.mockRestore()
    steady.mockRestore()
  }
})

test('a read that failed is tried again', async () => {
  let fails = true
  const workOf = createWorkOf(
    async () => {
      if (fails) throw new Error('the store is away')
      return []
    },
    () => 0,
  )
  await expect(workOf(one)).rejects.toThrow(/away/)
  fails = false
  expect(await workOf(one)).toEqual([])
})
