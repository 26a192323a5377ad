// The laws of an agent's session: whatever the order of events, it answers only what it holds, runs one assignment at a
// time and keeps a bounded number of things.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AGENT_LIMITS, refusalCodes } from '../contract/agent-events.ts'
import type { AssignmentId } from '../contract/ids.ts'
import { openSession, SESSION_LIMITS, type Command, type Session, type SessionEvent } from './session-state.ts'
import { assignment, computed, done, ended, JOINED, names, ok, play, ready } from './session.case.ts'
import { step } from './session.ts'

describe('whatever happens', () => {
  const n = fc.integer({ min: 0, max: 5 })
  const shard = fc.integer({ min: 0, max: 3 })
  const reply = fc.oneof(
    { weight: 4, arbitrary: fc.constant(ok) },
    fc.constantFrom(...refusalCodes).map((code) => ({ ok: false as const, code, message: code })),
  )
  const anyEvent: fc.Arbitrary<readonly SessionEvent[]> = fc.oneof(
    { weight: 2, arbitrary: fc.constant(JOINED) },
    n.map((i) => [{ type: 'assigned', assignment: assignment(i) } as const]),
    fc.tuple(n, shard, fc.integer({ min: 0, max: 2000 })).map(([i, s, ms]) => [done(i, s, ms)]),
    fc.tuple(n, shard).map(([i, s]) => {
      const { assignmentId } = assignment(i)
      return [{ type: 'shardFailed', assignmentId, shard: s, reason: 'x' } as const]
    }),
    {
      weight: 2,
      arbitrary: fc
        .tuple(n, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 20_000 }))
        .map(([i, units, ms]) => [computed(i, units, ms)]),
    },
    n.map((i) => [ended(i)]),
    n.map((i) => [{ type: 'revoked', assignmentId: assignment(i).assignmentId } as const]),
    fc.tuple(n, reply).map(([i, said]) => {
      const { assignmentId } = assignment(i)
      return [{ type: 'acknowledged', assignmentId, reply: said } as const]
    }),
    reply.map((said) => [{ type: 'helloReply', reply: said } as const]),
    reply.map((said) => [{ type: 'readyReply', ready, reply: said } as const]),
    fc.constantFrom(0, 1e9).map((livedMs) => [{ type: 'disconnected', livedMs } as const]),
    fc.constant([{ type: 'challenge', protocol: 1, nonce: '00' } as const]),
    fc.constant([{ type: 'engineFailed', reason: 'lost' } as const]),
    fc.constant([{ type: 'misunderstood' } as const]),
    { weight: 1, arbitrary: fc.constantFrom([{ type: 'finish' } as const], [{ type: 'stop' } as const]) },
  )

  test('it answers only what it holds, each shard once, and runs one assignment at a time', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const world = newWorld()
        let { session } = openSession()
        for (const event of events.flat()) {
          if (event.type === 'runEnded' && event.assignmentId !== world.running) continue
          const next = step(session, event)
          world.heard(event)
          for (const command of next.commands) world.saw(command)
          session = next.session
          bounded(session)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('progress is told of what runs, now and then, and never twice of the same', () => {
    const timed = fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 3000 })), { maxLength: 60 })
    fc.assert(
      fc.property(timed, (events) => {
        const law = progressLaw()
        let nowMs = 0
        let { session } = openSession()
        for (const [some, afterMs] of events) {
          nowMs += afterMs
          for (const event of some) {
            const then = 'nowMs' in event ? { ...event, nowMs } : event
            const before = session
            const next = step(session, then)
            law.heard(then, before)
            for (const command of next.commands) law.saw(command, before, nowMs)
            session = next.session
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('stop gives everything up, then it only says goodbye, and nothing after the end', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.array(anyEvent, { maxLength: 20 }), (before, after) => {
        const stop: SessionEvent = { type: 'stop' }
        const { session } = play([...before.flat(), stop])
        const goodbye = play(after.flat(), session)
        expect(session.held).toEqual([])
        expect(names(goodbye.said).filter((name) => !['handback', 'abort', 'disconnect'].includes(name))).toEqual([])
        expect(play(after.flat(), play([stop], goodbye.session).session).said).toEqual([])
      }),
    )
  })
})

function bounded(session: Session): void {
  expect(session.held.length).toBeLessThanOrEqual(SESSION_LIMITS.heldMax)
  for (const { results, open, assignment: of } of session.held) {
    expect(results.length).toBeLessThan(AGENT_LIMITS.shardsPerAnswerMax)
    expect(results.length + open.size).toBeLessThanOrEqual(of.shards.length)
    expect(open.size, 'what is done is not held').toBeGreaterThan(0)
  }
}

/** What the Hub may expect of progress frames. */
function progressLaw() {
  const told = new Map<AssignmentId, number>()
  const most = new Map<AssignmentId, number>()
  let saidMs = -Infinity
  return {
    heard(event: SessionEvent, { running, held }: Session) {
      if (event.type === 'disconnected') {
        told.clear()
        most.clear()
      }
      if (event.type !== 'computed' || event.assignmentId !== running) return
      if (!held.some(({ assignment: of }) => of.assignmentId === running)) return
      most.set(running, Math.max(most.get(running) ?? 0, event.units))
    },
    saw(command: Command, before: Session, nowMs: number) {
      if (command.type !== 'answer' && command.type !== 'progress') return
      const { assignmentId } = command.assignment
      if (command.type === 'progress') {
        expect(before.running, 'of what runs').toBe(assignmentId)
        expect(command.units, 'more than the Hub knows').toBeGreaterThan(told.get(assignmentId) ?? 0)
        expect(nowMs - saidMs, 'not too often').toBeGreaterThanOrEqual(SESSION_LIMITS.progressMs)
      }
      told.set(assignmentId, most.get(assignmentId) ?? 0)
      // What goes because a run ends early is not timed: no clock comes with it.
      if (command.type === 'progress') saidMs = nowMs
    },
  }
}

/** The Hub and the engine as they see the agent: what it was given on this connection and what it said of it. */
function newWorld() {
  const given = new Map<AssignmentId, Set<number>>()
  const world = {
    running: undefined as AssignmentId | undefined,
    heard(event: SessionEvent) {
      if (event.type === 'disconnected') given.clear()
      if (event.type === 'runEnded') world.running = undefined
      if (event.type === 'revoked') given.delete(event.assignmentId)
      if (
        event.type === 'acknowledged' &&
        event.assignmentId !== null &&
        !event.reply.ok &&
        /NOT_YOURS|STALE/.test(event.reply.code)
      ) {
        given.delete(event.assignmentId)
      }
      if (event.type === 'assigned' && !given.has(event.assignment.assignmentId)) {
        given.set(event.assignment.assignmentId, new Set(event.assignment.shards))
      }
    },
    saw(command: Command) {
      switch (command.type) {
        case 'run':
          expect(world.running, 'two runs at once').toBeUndefined()
          world.running = command.assignment.assignmentId
          return expect(new Set(command.shards), 'all that is open').toEqual(given.get(world.running))
        case 'abort':
          return expect(command.assignmentId).toBe(world.running)
        case 'answer': {
          const open = given.get(command.assignment.assignmentId)
          for (const { shard } of command.results)
            expect(open?.delete(shard), 'held, and not answered before').toBe(true)
          if (open?.size === 0) given.delete(command.assignment.assignmentId)
          return
        }
        case 'failed':
          expect(given.get(command.assignment.assignmentId)?.delete(command.shard)).toBe(true)
          return
        case 'handback':
          expect(given.delete(command.assignment.assignmentId), 'handed back once').toBe(true)
          return
        case 'hello':
        case 'ready':
        case 'selfTest':
        case 'pause':
        case 'progress':
        case 'connect':
        case 'disconnect':
      }
    },
  }
  return world
}

test('whatever a quarantine answers, it is known for one: it ends some day', () => {
  const refusal = { ok: false, code: 'QUARANTINED', message: 'Not now.' } as const
  const greeted: SessionEvent[] = [{ type: 'challenge', protocol: 1, nonce: '00' }]
  const stories: SessionEvent[][] = [
    [...greeted, { type: 'helloReply', reply: refusal }],
    [...JOINED.slice(0, -1), { type: 'readyReply', ready, reply: refusal }],
    [...JOINED, { type: 'acknowledged', assignmentId: null, reply: refusal }],
    [...JOINED, { type: 'refused', refusal }],
  ]
  for (const story of stories) {
    expect(play(story).session).toMatchObject({ phase: 'refused', lastRefusal: { code: 'QUARANTINED' } })
  }
})
