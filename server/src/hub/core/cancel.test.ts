// A job that its client cancels: nobody computes for it any more, its end is asked for once, and one whose end is being
// written keeps that end.
import { expect, it } from 'vitest'
import type { JobId } from '@forge/shared/contract/ids.ts'
import { Pool } from '../sim/pool.ts'

const id = 'job' as JobId
const cancel = { type: 'job-cancelled', jobId: id } as const

it('revokes what agents hold at once, and asks for the end', () => {
  const pool = new Pool()
  const agents = [pool.join('a'), pool.join('b')]
  pool.plan('job', 100)
  const held = agents.flatMap((agent) => pool.held(agent).map(({ order }) => order.assignmentId))
  expect(held.length).toBeGreaterThan(0)
  const commands = pool.raise(cancel)
  expect(commands.filter(({ type }) => type === 'cancel')).toHaveLength(1)
  const revoked = commands.flatMap((command) => (command.type === 'revoke' ? [command.assignmentId] : []))
  expect(revoked.toSorted()).toEqual(held.toSorted())
  expect(commands.some(({ type }) => type === 'assign')).toBe(false)
})

it('is heard once, and hands nothing out until the end is written', () => {
  const pool = new Pool()
  const agent = pool.join('a')
  pool.plan('job', 100)
  pool.raise(cancel)
  expect(pool.raise(cancel)).toEqual([])
  pool.join('late')
  expect(pool.held(agent)).toEqual([])
  expect(pool.hub.jobs.get(id)?.phase).toBe('closing')
  pool.raise({ type: 'job-ended', jobId: id })
  expect(pool.hub.jobs.size).toBe(0)
})

it('frees the agents for other jobs', () => {
  const pool = new Pool()
  const agent = pool.join('a')
  pool.plan('job', 100)
  pool.plan('other', 100)
  pool.raise(cancel)
  expect(new Set(pool.held(agent).map(({ jobId }) => jobId))).toEqual(new Set(['other']))
})

it('does nothing to a job whose result is being written, or that is not there', () => {
  const pool = new Pool()
  const agent = pool.join('a')
  pool.plan('job', 2, { verify: 'none' })
  for (let nowMs = 0; pool.last('complete') === undefined && nowMs < 10_000; nowMs += 1_000) {
    pool.at(nowMs)
    pool.work(agent)
  }
  expect(pool.last('complete')).toBeDefined()
  expect(pool.raise(cancel)).toEqual([])
  expect(pool.raise({ type: 'job-cancelled', jobId: 'nobody' as JobId })).toEqual([])
})

it('an answer that was on its way is refused, and one that was being stored counts for nobody', () => {
  const pool = new Pool()
  const agent = pool.join('a')
  pool.plan('job', 4)
  const [held] = pool.held(agent)
  if (held === undefined) throw new Error('nothing was handed out')
  pool.raise(cancel)
  const { assignmentId, epoch } = held.order
  const late = { type: 'answer', session: agent, request: 9, assignmentId, epoch, shards: [], kernelMs: 1 } as const
  const replies = pool.raise(late).flatMap((command) => (command.type === 'reply' ? [command.reply] : []))
  expect(replies).toMatchObject([{ ok: false, code: 'STALE_EPOCH' }])
})
