// Group commit by itself: who travels together, who waits, and who fails.
import { expect, test, vi } from 'vitest'
import { groupCommit } from './group-commit.ts'
import { StoreBusy, StoreContradiction } from './sql-error.ts'

const LIMITS = { bytesPerGroupMax: 10, bytesWaitingMax: 30, groupsMax: 1 }

/** Commits numbers, each weighing itself; `bad` ones are refused. */
function numbers(bad: readonly number[] = [], error: Error = new StoreContradiction('bad')) {
  const groups: number[][] = []
  const commits = groupCommit<number>(
    async (items) => {
      groups.push([...items])
      await Promise.resolve()
      if (items.some((item) => bad.includes(item))) throw error
    },
    (item) => item,
    LIMITS,
  )
  return { groups, commits }
}

test('what is written together is one transaction, in order and within its limit', async () => {
  const { groups, commits } = numbers()
  await Promise.all([3, 4, 3, 1, 9].map((item) => commits.write(item)))
  expect(groups).toEqual([
    [3, 4, 3],
    [1, 9],
  ])
  await commits.write(25)
  expect(groups.at(-1), 'one that is too large for a group goes alone').toEqual([25])
})

test('a write resolves after its own commit, not before', async () => {
  const { groups, commits } = numbers()
  const second = commits.write(9)
  const third = commits.write(8)
  await second
  expect(groups.flat()).toContain(9)
  await commits.idle()
  expect(groups).toEqual([[9], [8]])
  await third
})

test('as many groups are on their way as may be, and what comes meanwhile is one more', async () => {
  const begun: { readonly items: readonly number[]; readonly commit: () => void }[] = []
  const commits = groupCommit<number>(
    (items) => new Promise((resolve) => begun.push({ items, commit: resolve })),
    () => 1,
    { ...LIMITS, groupsMax: 2 },
  )
  const writing = [1, 2, 3, 4].map(async (item) => {
    for (let turns = 0; turns < item; turns++) await new Promise(setImmediate)
    await commits.write(item)
  })
  await vi.waitFor(() => expect(begun.map(({ items }) => items)).toEqual([[1], [2]]))
  await new Promise((resolve) => setTimeout(resolve, 20))
  begun[1]?.commit()
  await vi.waitFor(() => expect(begun.map(({ items }) => items)).toEqual([[1], [2], [3, 4]]))
  let isIdle = false
  const idle = commits.idle().then(() => (isIdle = true))
  begun[0]?.commit()
  await writing[0]
  expect(isIdle).toBe(false)
  begun[2]?.commit()
  await Promise.all([...writing, idle])
})

test('one refused write fails alone', async () => {
  const { commits, groups } = numbers([2])
  const results = await Promise.allSettled([1, 2, 3].map((item) => commits.write(item)))
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(groups).toEqual([[1, 2, 3], [1], [2], [3]])
})

test('when the world fails, all who travel together fail, once', async () => {
  const { commits, groups } = numbers([2], new Error('the disk is full'))
  const results = await Promise.allSettled([1, 2, 3].map((item) => commits.write(item)))
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(groups).toEqual([[1, 2, 3]])
  await commits.write(4)
})

test('more than may wait is refused, and room comes back', async () => {
  const { commits } = numbers()
  const waiting = [10, 10, 10].map((item) => commits.write(item))
  await expect(commits.write(1)).rejects.toThrow(StoreBusy)
  await Promise.all(waiting)
  await commits.write(30)
})
