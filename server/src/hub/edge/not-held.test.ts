// A failure or a handback of what is not held: refused as an answer would be, and never an event for the core.
import { expect, it } from 'vitest'
import type { AssignmentId, SessionId } from '@forge/shared/contract/ids.ts'
import { createLogger } from '../../logger.ts'
import { Pool } from '../sim/pool.ts'
import { AgentListener, type Happening } from './agent-listener.ts'

it('is refused, and what is held is taken', () => {
  const pool = new Pool()
  const a = pool.join('a', { shardsPerSecond: 1 })
  pool.plan('job', 4)
  const raised: Happening[] = []
  const listener = new AgentListener({
    state: pool.hub,
    roster: { joined() {}, selfTest() {}, left() {} },
    store: { standingsOf: () => Promise.resolve([]) },
    logger: createLogger('silent'),
    planned: new Map(),
    raise: (happening) => void raised.push(happening),
    track: () => undefined,
    left: () => undefined,
    acknowledged: () => undefined,
  })
  const [held] = pool.held(a)
  if (held === undefined) throw new Error('nothing is held')
  const { assignmentId, epoch, shards } = held.order
  const [shard = -1] = shards
  const fence = { assignmentId, epoch }
  const stale = { code: 'STALE_EPOCH' }
  expect(listener.handback(a, { ...fence, epoch: epoch + 1 })).toMatchObject(stale)
  expect(listener.handback(a, { ...fence, assignmentId: 'x' as AssignmentId })).toMatchObject(stale)
  expect(listener.handback('b' as SessionId, fence)).toMatchObject(stale)
  expect(listener.failed(a, { ...fence, epoch: epoch + 1, shard, reason: 'r' })).toMatchObject(stale)
  expect(listener.failed(a, { ...fence, shard: 99, reason: 'r' })).toMatchObject({ code: 'NOT_YOURS' })
  expect(raised).toEqual([])
  expect(listener.failed(a, { ...fence, shard, reason: 'r' })).toBeNull()
  expect(listener.handback(a, fence)).toBeNull()
  expect(raised.map(({ type }) => type)).toEqual(['shard-failed', 'handback'])
})
