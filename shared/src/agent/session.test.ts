// The stories of an agent's session, one by one; session-laws.test.ts has what holds in any order of events.
import { describe, expect, test } from 'vitest'
import { AGENT_LIMITS } from '../contract/agent-events.ts'
import { digest } from '../exact/digest.ts'
import { openSession, SESSION_LIMITS, type SessionEvent } from './session-state.ts'
import { assignment, computed, done, ended, JOINED, lost, names, ok, play, ready, working } from './session.case.ts'

describe('joining', () => {
  test('it tests itself while it connects, and announces each kernel when both are there', () => {
    expect(names(openSession().commands)).toEqual(['selfTest', 'connect'])
    const { session, said } = play(JOINED)
    expect(names(said)).toEqual(['hello', 'ready'])
    expect(session.phase).toBe('working')
    const late = play([
      { type: 'challenge', protocol: 1, nonce: '00' },
      { type: 'helloReply', reply: ok },
    ])
    expect(names(play([{ type: 'selfTestPassed', readies: [ready] }], late.session).said)).toEqual(['ready'])
  })

  test.each(['PROTOCOL_TOO_OLD', 'PROTOCOL_TOO_NEW', 'QUARANTINED', 'BAD_TOKEN'] as const)(
    '%s ends it with the sentence of the Hub',
    (code) => {
      const refusal = { ok: false, code, message: 'Reload the page.' } as const
      const { session, said } = play([
        { type: 'challenge', protocol: 1, nonce: '00' },
        { type: 'helloReply', reply: refusal },
      ])
      expect(session).toMatchObject({ phase: 'refused', reason: 'Reload the page.' })
      expect(names(said)).toEqual(['hello', 'disconnect'])
      expect(play([lost], session).said).toEqual([])
    },
  )

  test('an older Hub is not greeted, and not asked again; a newer one is greeted', () => {
    const { session, said } = play([{ type: 'challenge', protocol: 0, nonce: '00' }])
    expect(session).toMatchObject({ phase: 'refused', reason: expect.stringMatching(/protocol 0.*Reload/) })
    expect(names(said)).toEqual(['disconnect'])
    expect(play([lost], session).said).toEqual([])
    expect(names(play([{ type: 'challenge', protocol: 99, nonce: '00' }]).said)).toEqual(['hello'])
  })

  test('a self-test that fails leaves it idle and disconnected', () => {
    const { session, said } = play([{ type: 'selfTestFailed', reason: 'no adapter' }])
    expect(session).toMatchObject({ phase: 'unfit', reason: 'no adapter' })
    expect(names(said)).toEqual(['disconnect'])
  })

  test('a lost connection is opened again, later each time, and soon again once it worked', () => {
    const { steadyMs } = SESSION_LIMITS
    expect(play([lost, lost], working()).said).toEqual([
      { type: 'connect', attempt: 1 },
      { type: 'connect', attempt: 2 },
    ])
    const again: SessionEvent[] = [lost, lost, ...JOINED.slice(1)]
    const next = (events: readonly SessionEvent[]) => play([...again, ...events], working()).said.at(-1)
    expect(next([lost]), 'a Hub that accepts and drops is not asked again at once').toMatchObject({ attempt: 3 })
    expect(next([{ ...lost, livedMs: steadyMs - 1 }])).toMatchObject({ attempt: 3 })
    expect(next([{ ...lost, livedMs: steadyMs }]), 'idle, but steady').toMatchObject({ attempt: 1 })
    const { assignmentId } = assignment(1)
    const worked: SessionEvent[] = [
      { type: 'assigned', assignment: assignment(1, [0]) },
      done(1, 0, 0),
      { type: 'acknowledged', assignmentId, reply: ok },
    ]
    expect(next([...worked, lost])).toMatchObject({ attempt: 1 })
    expect(next([...worked.slice(0, 2), lost]), 'nothing was taken from it').toMatchObject({ attempt: 3 })
  })
})

describe('working', () => {
  test('one runs, one waits, the third goes back', () => {
    const assign = [1, 2, 3].map<SessionEvent>((i) => ({ type: 'assigned', assignment: assignment(i) }))
    const { session, said } = play(assign, working())
    expect(said).toEqual([
      { type: 'run', assignment: assignment(1), shards: [0, 1, 2] },
      { type: 'handback', assignment: assignment(3) },
    ])
    expect(session.held).toHaveLength(2)
  })

  test('what it did not announce goes back', () => {
    const foreign = assignment(1, [0], { engine: 'webgpu' })
    expect(names(play([{ type: 'assigned', assignment: foreign }], working()).said)).toEqual(['handback'])
  })

  test('results wait for company until 250 ms are over or the assignment is complete', () => {
    const assign: SessionEvent = { type: 'assigned', assignment: assignment(1, [0, 1, 2, 3]) }
    const { said } = play([assign, done(1, 0, 0), done(1, 1, 100), done(1, 2, 260), done(1, 3, 300)], working())
    expect(
      said.flatMap((command) => (command.type === 'answer' ? [command.results.map(({ shard }) => shard)] : [])),
    ).toEqual([[0], [1, 2], [3]])
  })

  describe('inside a long shard', () => {
    const { progressMs } = SESSION_LIMITS
    const assign: SessionEvent = { type: 'assigned', assignment: assignment(1) }
    // The engine's first word comes two seconds before what a test is about.
    const begun: readonly SessionEvent[] = [assign, computed(1, 0, -progressMs)]
    const told = (events: readonly SessionEvent[], from = begun) =>
      play([...from, ...events], working()).said.flatMap<number | string>((command) => {
        if (command.type === 'progress') return [command.units]
        return command.type === 'answer' ? [command.results.map(({ shard }) => `shard ${shard}`).join()] : []
      })

    test('it says how far it is, every two seconds and only when there is more', () => {
      const half = progressMs / 2
      expect(told([0, 1, 2, 3, 4].map((n) => computed(1, n + 1, n * half)))).toEqual([1, 3, 5])
      expect(told([computed(1, 7, 0), computed(1, 7, 9e9)]), 'an engine that hangs is silent').toEqual([7])
      expect(told([computed(1, 7, 0), computed(1, 5, 9e9), computed(1, 8, 9e9)]), 'one was lost').toEqual([7, 8])
    })

    test('it is silent for the first two seconds, which most assignments do not take', () => {
      expect(told([computed(1, 5, 0), computed(1, 6, progressMs - 1)], [assign])).toEqual([])
      expect(told([computed(1, 5, 0), computed(1, 6, progressMs)], [assign])).toEqual([6])
    })

    test('an answer says it too', () => {
      const answered = [computed(1, 5, 0), done(1, 0, progressMs)]
      expect(told([...answered, computed(1, 6, progressMs + 1)])).toEqual([5, 'shard 0'])
      expect(told([...answered, computed(1, 5, 9e9)]), 'nothing is new').toEqual([5, 'shard 0'])
      const more = [computed(1, 5, 0), computed(1, 7, 1), done(1, 0, 2)]
      expect(told([...more, computed(1, 7, 9e9)]), 'the answer told of 7').toEqual([5, 'shard 0'])
      const less = [computed(1, 7, 0), computed(1, 5, 1), done(1, 0, 2)]
      expect(told([...less, computed(1, 6, 9e9), computed(1, 8, 9e9)])).toEqual([7, 'shard 0', 8])
      expect(told([...answered, computed(1, 6, 2 * progressMs)])).toEqual([5, 'shard 0', 6])
    })

    test('results that wait for company go with it, and nothing else then', () => {
      const waiting = [done(1, 0, 0), done(1, 1, 1)]
      expect(told([...waiting, computed(1, 25, 249)])).toEqual(['shard 0'])
      expect(told([...waiting, computed(1, 25, 250), computed(1, 26, 251)])).toEqual(['shard 0', 'shard 1'])
    })

    test('it is told of what runs, and counts as unacknowledged', () => {
      expect(told([{ type: 'assigned', assignment: assignment(2) }, computed(2, 5, 0)])).toEqual([])
      const finishing = play([...begun, computed(1, 5, 0), done(1, 0, 1), done(1, 1, 2), done(1, 2, 3)], working())
      const end = play([{ type: 'finish' }], finishing.session)
      expect(end.session.phase).toBe('finishing')
      expect(end.session.unacknowledged, 'progress, an answer of one, one of two, and the pause').toBe(4)
    })

    test('the Hub’s word that the lease is over ends the run', () => {
      const { assignmentId } = assignment(1)
      const reply = { ok: false, code: 'STALE_EPOCH', message: 'The lease is over.' } as const
      const { said } = play([...begun, computed(1, 5, 0), { type: 'acknowledged', assignmentId, reply }], working())
      expect(names(said)).toEqual(['run', 'progress', 'abort'])
    })
  })

  test('an answer never has more shards than the wire allows', () => {
    const many = Array.from({ length: 200 }, (_, i) => i)
    const events: SessionEvent[] = many.map((shard) => done(1, shard, 0))
    const { said } = play([{ type: 'assigned', assignment: assignment(1, many) }, ...events], working())
    const sizes = said.flatMap((command) => (command.type === 'answer' ? [command.results.length] : []))
    expect(sizes).toEqual([1, 64, 64, 64, 7])
  })

  test('an answer never has more bytes than the wire allows', () => {
    const partial = new Uint8Array(AGENT_LIMITS.partialBytesMax)
    const sizes = [partial, ...Array.from({ length: 5 }, () => partial.subarray(0, 700_000)), partial]
    const shards = sizes.map((_, shard) => shard)
    const events = sizes.map((bytes, shard): SessionEvent => {
      const { assignmentId } = assignment(1)
      return { type: 'shardDone', assignmentId, result: { shard, partial: bytes, kernelMs: 1 }, nowMs: 0 }
    })
    const { said } = play([{ type: 'assigned', assignment: assignment(1, shards) }, ...events], working())
    const answers = said.flatMap((command) => (command.type === 'answer' ? [command.results] : []))
    expect(answers.flat().map(({ shard }) => shard)).toEqual(shards)
    for (const results of answers) {
      const bytes = results.reduce((sum, result) => sum + result.partial.length, 0)
      expect(bytes).toBeLessThanOrEqual(AGENT_LIMITS.answerBytesMax)
    }
  })

  test('a shard that fails is told, and the others go on', () => {
    const { assignmentId } = assignment(1)
    const { said } = play(
      [
        { type: 'assigned', assignment: assignment(1) },
        { type: 'shardFailed', assignmentId, shard: 0, reason: 'x'.repeat(900) },
        done(1, 1, 0),
        done(1, 2, 1),
      ],
      working(),
    )
    expect(names(said)).toEqual(['run', 'failed', 'answer', 'answer'])
    expect(said[1]).toMatchObject({ reason: 'x'.repeat(AGENT_LIMITS.reasonCharactersMax) })
  })

  const failed: SessionEvent = { type: 'engineFailed', reason: 'device lost' }

  test('a lost engine: what it computed is answered, and the next one goes on with what is open', () => {
    const { session, said } = play(
      [
        { type: 'assigned', assignment: assignment(1) },
        { type: 'assigned', assignment: assignment(2) },
        done(1, 0, 0),
        done(1, 1, 1),
        failed,
        done(1, 2, 2),
        ended(1),
      ],
      working(),
    )
    expect(names(said)).toEqual(['run', 'answer', 'pause', 'answer', 'abort', 'selfTest'])
    expect(session).toMatchObject({ phase: 'joining', running: undefined })
    const next = play(
      [
        { type: 'selfTestPassed', readies: [ready] },
        { type: 'readyReply', ready, reply: ok },
      ],
      session,
    )
    expect(names(next.said)).toEqual(['ready', 'run'])
    expect(next.said[1]).toMatchObject({ shards: [2] })
    expect(names(play([done(1, 2, 3), ended(1)], next.session).said)).toEqual(['answer', 'run'])
  })

  test('what the Hub takes from the next engine, or the next engine cannot run, is let go', () => {
    const held = play([{ type: 'assigned', assignment: assignment(1) }, failed, ended(1)], working()).session
    const revoked: SessionEvent = { type: 'revoked', assignmentId: assignment(1).assignmentId }
    const passed: SessionEvent = { type: 'selfTestPassed', readies: [ready] }
    expect(names(play([passed, revoked, { type: 'readyReply', ready, reply: ok }], held).said)).toEqual(['ready'])
    const other = { ...ready, kernel: 'mc/1/other.v1', kernelDigest: digest('kernel.v1', Uint8Array.of(1)) }
    expect(names(play([{ type: 'selfTestPassed', readies: [other] }], held).said)).toEqual(['ready', 'handback'])
  })

  test('a lost engine of an agent that finishes gives everything back', () => {
    const { said } = play(
      [{ type: 'assigned', assignment: assignment(1) }, { type: 'finish' }, failed, ended(1)],
      working(),
    )
    expect(names(said)).toEqual(['run', 'pause', 'abort', 'handback'])
  })

  test('revoked work is dropped without a word, and the next begins when the engine is free', () => {
    const { said } = play(
      [
        { type: 'assigned', assignment: assignment(1) },
        { type: 'assigned', assignment: assignment(2) },
        { type: 'revoked', assignmentId: assignment(1).assignmentId },
        done(1, 0, 0),
        ended(1),
      ],
      working(),
    )
    expect(names(said)).toEqual(['run', 'abort', 'run'])
  })

  test('after a sleep it drops what it no longer holds, and goes on with the rest', () => {
    const { assignmentId } = assignment(1)
    const refusal = { ok: false, code: 'NOT_YOURS', message: 'The lease is over.' } as const
    const { session, said } = play(
      [
        { type: 'assigned', assignment: assignment(1) },
        { type: 'assigned', assignment: assignment(2) },
        done(1, 0, 0),
        { type: 'acknowledged', assignmentId, reply: refusal },
        ended(1),
      ],
      working(),
    )
    expect(names(said)).toEqual(['run', 'answer', 'abort', 'run'])
    expect(session).toMatchObject({ running: assignment(2).assignmentId, lastRefusal: refusal })
  })

  test('a disconnect drops everything', () => {
    const { session, said } = play(
      [{ type: 'assigned', assignment: assignment(1) }, lost, done(1, 0, 0), ended(1)],
      working(),
    )
    expect(names(said)).toEqual(['run', 'abort', 'connect'])
    expect(session.held).toEqual([])
  })
})

describe('leaving', () => {
  const two: readonly SessionEvent[] = [
    { type: 'assigned', assignment: assignment(1) },
    { type: 'assigned', assignment: assignment(2) },
    done(1, 0, 0),
    done(1, 1, 1),
  ]

  test('finish completes what runs, gives the rest back, and goes when all is acknowledged', () => {
    const acknowledged: SessionEvent = { type: 'acknowledged', assignmentId: assignment(1).assignmentId, reply: ok }
    const { session, said } = play([...two, { type: 'finish' }, done(1, 2, 2), ended(1)], working())
    expect(names(said)).toEqual(['run', 'answer', 'pause', 'handback', 'answer'])
    expect(session.phase).toBe('finishing')
    const end = play([acknowledged, acknowledged, acknowledged, acknowledged], session)
    expect(end.session.phase).toBe('stopped')
    expect(names(end.said)).toEqual(['disconnect'])
  })

  test.each(['finish', 'stop'] as const)(
    'a connection lost after %s is the end: nothing is left to come back for',
    (go) => {
      const { session, said } = play([...two, { type: go }, lost], working())
      expect(names(said).slice(-2)).toEqual(['abort', 'disconnect'])
      expect(session.phase).toBe('stopped')
    },
  )

  test('finish with nothing to do is the end', () => {
    const { session, said } = play([{ type: 'finish' }], working())
    expect(names(said), 'the Hub may be about to assign').toEqual(['pause'])
    const acknowledged: SessionEvent = { type: 'acknowledged', assignmentId: null, reply: ok }
    expect(play([acknowledged], session).session.phase).toBe('stopped')
    expect(play([{ type: 'finish' }]).session.phase, 'nobody to tell').toBe('stopped')
  })

  test('stop keeps what is done and gives the rest back at once', () => {
    const { session, said } = play([...two, { type: 'stop' }], working())
    expect(names(said)).toEqual(['run', 'answer', 'pause', 'abort', 'answer', 'handback', 'handback'])
    expect(session.phase).toBe('leaving')
    const acknowledged: SessionEvent = { type: 'acknowledged', assignmentId: assignment(1).assignmentId, reply: ok }
    const end = play([acknowledged, acknowledged, acknowledged, acknowledged, acknowledged], session)
    expect(end.session.phase).toBe('stopped')
    expect(names(end.said).at(-1)).toBe('disconnect')
    expect(names(play([{ type: 'stop' }], session).said), 'a second stop does not wait').toContain('disconnect')
  })
})
