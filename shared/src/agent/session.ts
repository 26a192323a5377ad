// The agent's side of the wire as a pure state machine: an event goes in, a new state and commands come out. It decides
// what is said to the Hub and what runs; sockets, signatures, clocks and engines belong to runner.ts.
//
//   phase       event                          next        commands
//   connecting  challenge                      greeting    hello; refused where the Hub is older
//   greeting    hello accepted                 joining     ready, for each kernel once the self-test has passed
//   joining     self-test passed               joining     ready, for each kernel
//   joining     a ready is accepted            working     run of what a lost engine left open
//   joining     every ready is refused         unfit       disconnect
//   working     assigned                       working     run; the second waits; a third is handed back
//   working     shard done                     working     answer, when it is time
//   working     units computed                 working     answer or progress, when it is time
//   working     engine failed                  joining     pause, answer, abort, selfTest (of the next engine); what is open
//                                                          stays held
//   live        self-test failed               unfit       disconnect
//   live        disconnected                   connecting  abort, connect; every assignment is dropped with its lease
//   live        refused for good               refused     abort, disconnect
//   live        finish                         finishing   pause, handback of what has not begun
//   live        stop                           leaving     pause, abort, answer, handback of all
//   finishing   nothing held, all acknowledged stopped     disconnect
//   leaving     all acknowledged, or stop      stopped     disconnect
//   either      disconnected                   stopped     abort, disconnect
//
// Leaving waits for the Hub because socket.io's server drops what arrives together with the goodbye.
//
// `live` is every phase but unfit, stopped and refused. A run goes on until `runEnded`, aborted or not; no second one
// begins before.
import { AGENT_LIMITS, PROTOCOL_VERSION } from '../contract/agent-events.ts'
import type { Assignment, Ready, Refusal, RefusalCode, Reply } from '../contract/agent-events.ts'
import type { AssignmentId } from '../contract/ids.ts'
import { isLive, SESSION_LIMITS } from './session-state.ts'
import type { Command, Held, Session, SessionEvent, ShardResult, Step } from './session-state.ts'

/** Trying again does not help: the page must be reloaded, the token changed or the quarantine waited for. */
const FINAL: ReadonlySet<RefusalCode> = new Set(['PROTOCOL_TOO_OLD', 'PROTOCOL_TOO_NEW', 'QUARANTINED', 'BAD_TOKEN'])

/** The lease is over, as after a sleep: what is left of the assignment is somebody else's. */
const LOST: ReadonlySet<RefusalCode> = new Set(['NOT_YOURS', 'STALE_EPOCH'])

/** The one place where the agent decides. */
export function step(session: Session, event: SessionEvent): Step {
  if (event.type === 'runEnded') return ended(session, event.assignmentId)
  if (event.type === 'stop') return stopped(session)
  if (!isLive(session)) return only(session)
  switch (event.type) {
    case 'challenge':
      return challenged(session, event.protocol, event.nonce)
    case 'helloReply':
      if (session.phase !== 'greeting') return only(session)
      return event.reply.ok ? announced({ ...session, phase: 'joining' }) : refused(session, event.reply, true)
    case 'selfTestPassed':
      return then(announced({ ...session, readies: event.readies }), (state) =>
        dropped(
          state,
          ({ assignment }) => !state.kernels.has(assignment.kernelDigest) && state.phase === 'joining',
          true,
        ),
      )
    case 'selfTestFailed':
      return left(session, 'unfit', event.reason)
    case 'readyReply':
      return joined(session, event.ready, event.reply)
    case 'assigned':
      return assigned(session, event.assignment)
    case 'computed':
      return computed(session, event.assignmentId, event.units, event.nowMs)
    case 'shardDone':
      return shardDone(session, event.assignmentId, event.result, event.nowMs)
    case 'shardFailed':
      return shardFailed(session, event.assignmentId, event.shard, event.reason)
    case 'engineFailed':
      return engineFailed(session)
    case 'acknowledged':
      return acknowledged(session, event.assignmentId, event.reply)
    case 'revoked':
      return dropped(session, (held) => held.assignment.assignmentId === event.assignmentId, false)
    case 'tally':
      return only({ ...session, tally: event.tally })
    case 'refused':
      return refused(session, event.refusal, false)
    case 'misunderstood':
      return { session: { ...session, strikes: session.strikes + 1 }, commands: [{ type: 'disconnect' }] }
    case 'disconnected':
      return disconnected(session, event.livedMs)
    case 'finish':
      return finishing(session)
  }
}

function challenged(session: Session, protocol: number, nonce: string): Step {
  if (session.phase !== 'connecting') return only(session)
  // A newer Hub may still speak this version, and says so when it hears the hello; an older one cannot.
  if (protocol < PROTOCOL_VERSION) {
    const advice = 'Reload the page, or take the agent of the pool’s version.'
    return left(session, 'refused', `This pool speaks protocol ${protocol}, this agent ${PROTOCOL_VERSION}. ${advice}`)
  }
  return { session: { ...session, phase: 'greeting' }, commands: [{ type: 'hello', nonce }] }
}

const only = (session: Session): Step => ({ session, commands: [] })

/** Adds to the commands of a step what the state it led to asks for. */
function then(done: Step, next: (session: Session) => Step): Step {
  const { session, commands } = next(done.session)
  return { session, commands: [...done.commands, ...commands] }
}

/** Says which kernels this agent can run, as soon as both sides are there for it. */
function announced(session: Session): Step {
  const { readies } = session
  if (session.phase !== 'joining' || readies === undefined) return only(session)
  const kernels = new Map(readies.map((ready) => [ready.kernelDigest, 'asked'] as const))
  return { session: { ...session, kernels }, commands: readies.map((ready) => ({ type: 'ready', ready })) }
}

function joined(session: Session, ready: Ready, reply: Reply): Step {
  const current = session.readies?.some((one) => one.engine === ready.engine && one.kernelDigest === ready.kernelDigest)
  if (current !== true || session.kernels.get(ready.kernelDigest) !== 'asked') return only(session)
  const kernels = new Map(session.kernels).set(ready.kernelDigest, reply.ok ? 'accepted' : 'refused')
  const phase = session.phase === 'joining' ? 'working' : session.phase
  if (reply.ok) return begun({ ...session, kernels, phase })
  if (FINAL.has(reply.code)) return left({ ...session, lastRefusal: reply }, 'refused', reply.message)
  const next = { ...session, kernels, lastRefusal: reply }
  if ([...kernels.values()].every((state) => state === 'refused')) return left(next, 'unfit', reply.message)
  return dropped(next, ({ assignment }) => assignment.kernelDigest === ready.kernelDigest, true)
}

function assigned(session: Session, assignment: Assignment): Step {
  if (session.held.some((held) => held.assignment.assignmentId === assignment.assignmentId)) return only(session)
  const takes =
    session.phase === 'working' &&
    session.held.length < SESSION_LIMITS.heldMax &&
    session.kernels.get(assignment.kernelDigest) === 'accepted' &&
    session.readies?.some((ready) => ready.engine === assignment.engine && ready.kernel === assignment.kernel) === true
  if (!takes) return handedBack(session, assignment)
  const held: Held = {
    assignment,
    open: new Set(assignment.shards),
    results: [],
    computed: 0,
    told: 0,
    begunMs: undefined,
  }
  return begun({ ...session, held: [...session.held, held] })
}

/** Starts the oldest assignment that the engine may run, unless a run has not ended yet. */
function begun(session: Session): Step {
  const next = session.held.find(({ assignment }) => session.kernels.get(assignment.kernelDigest) === 'accepted')
  if (session.running !== undefined || next === undefined || !isLive(session)) return only(session)
  return {
    session: { ...session, running: next.assignment.assignmentId },
    commands: [{ type: 'run', assignment: next.assignment, shards: [...next.open] }],
  }
}

/**
 * The engine is inside a shard. Results that wait go now, as they would with the next shard, which may take long; without
 * any, the Hub is told of the progress, now and then: it cannot know otherwise that this agent does not hang.
 */
function computed(session: Session, id: AssignmentId, units: number, nowMs: number): Step {
  const held = running(session, id)
  if (held === undefined || session.readies === undefined) return only(session)
  const begunMs = held.begunMs ?? nowMs
  const next = { ...held, begunMs, computed: Math.max(held.computed, units) }
  if (next.results.length > 0 && nowMs - session.flushedMs >= SESSION_LIMITS.flushMs) {
    return answered({ ...session, flushedMs: nowMs }, next)
  }
  const saidMs = Math.max(session.flushedMs, session.progressedMs, begunMs)
  if (next.computed <= next.told || nowMs - saidMs < SESSION_LIMITS.progressMs) return only(replaced(session, next))
  const after = replaced(session, { ...next, told: next.computed })
  return {
    session: { ...after, progressedMs: nowMs, unacknowledged: session.unacknowledged + 1 },
    commands: [{ type: 'progress', assignment: held.assignment, units: next.computed }],
  }
}

function shardDone(session: Session, id: AssignmentId, result: ShardResult, nowMs: number): Step {
  const held = running(session, id)
  // A lost engine's afterthought would be taken for the next one's.
  if (!held?.open.has(result.shard) || session.readies === undefined) return only(session)
  const next = { ...held, open: without(held.open, result.shard), results: [...held.results, result] }
  const due =
    next.open.size === 0 ||
    next.results.length >= AGENT_LIMITS.shardsPerAnswerMax ||
    // Another one of the greatest length would not fit.
    bytesOf(next.results) > AGENT_LIMITS.answerBytesMax - AGENT_LIMITS.partialBytesMax ||
    nowMs - session.flushedMs >= SESSION_LIMITS.flushMs
  return due ? then(answered({ ...session, flushedMs: nowMs }, next), drained) : only(replaced(session, next))
}

const bytesOf = (results: readonly ShardResult[]): number =>
  results.reduce((sum, { partial }) => sum + partial.length, 0)

function shardFailed(session: Session, id: AssignmentId, shard: number, reason: string): Step {
  const held = running(session, id)
  if (!held?.open.has(shard)) return only(session)
  const next = { ...held, open: without(held.open, shard) }
  const said: Command = {
    type: 'failed',
    assignment: held.assignment,
    shard,
    reason: reason.slice(0, AGENT_LIMITS.reasonCharactersMax),
  }
  const after = { ...replaced(session, next), unacknowledged: session.unacknowledged + 1 }
  const told: Step = { session: after, commands: [said] }
  return next.open.size > 0 ? told : then(told, (state) => then(answered(state, next), drained))
}

/** The run is over. What it left open it could not do, so somebody else gets it. */
function ended(session: Session, id: AssignmentId): Step {
  if (session.running !== id) return only(session)
  const free = { ...session, running: undefined }
  // The engine was lost under it: the next one goes on.
  if (session.readies === undefined && !isGoing(session)) return only(free)
  return dropped(free, (held) => held.assignment.assignmentId === id, true)
}

/**
 * A lost engine. What it computed is answered first, because the Hub records an answer under the engine that the lease
 * names; the next engine is tested, and what is open stays held for it. Its `ready` puts the leases into its name, or the
 * Hub revokes those whose job's target does not admit it, before it accepts: so nothing that asked for a GPU is ever
 * answered by a CPU, and nothing goes back to the pool that this agent may still do.
 */
function engineFailed(session: Session): Step {
  if (isGoing(session)) {
    const state = { ...session, readies: undefined, kernels: new Map() }
    return then(paused(session, state), (next) => dropped(next, () => true, true))
  }
  const phase = session.phase === 'working' ? 'joining' : session.phase
  const told = session.held.reduce(
    (done, held) => then(done, (state) => answered(state, held)),
    paused(session, { ...session, phase, readies: undefined, kernels: new Map() }),
  )
  return { session: told.session, commands: [...told.commands, ...aborted(session), { type: 'selfTest' }] }
}

function acknowledged(session: Session, id: AssignmentId | null, reply: Reply): Step {
  const unacknowledged = Math.max(0, session.unacknowledged - 1)
  // Work came of it, so it counts as a connection. A ready alone does not: a Hub that accepts and drops, over and over,
  // would have all its agents back within the second, each time.
  if (reply.ok) return drained({ ...session, unacknowledged, strikes: 0, attempt: 0 })
  if (FINAL.has(reply.code)) return left({ ...session, lastRefusal: reply }, 'refused', reply.message)
  const next = { ...session, unacknowledged, lastRefusal: reply }
  return LOST.has(reply.code) ? dropped(next, (held) => held.assignment.assignmentId === id, false) : drained(next)
}

/** `hangUp`: the refusal came as a reply, after which the Hub may leave the connection open. */
function refused(session: Session, refusal: Refusal, hangUp: boolean): Step {
  if (FINAL.has(refusal.code)) return left({ ...session, lastRefusal: refusal }, 'refused', refusal.message)
  const strikes = refusal.code === 'SERVER_STOPPING' ? session.strikes : session.strikes + 1
  return {
    session: { ...session, strikes, lastRefusal: refusal },
    commands: hangUp ? [{ type: 'disconnect' }] : [],
  }
}

function disconnected(session: Session, livedMs: number): Step {
  // Whoever is going has nothing to come back for.
  if (isGoing(session)) return left(session, 'stopped', undefined)
  const attempt = livedMs >= SESSION_LIMITS.steadyMs ? 1 : session.attempt + 1
  return {
    session: {
      ...session,
      phase: 'connecting',
      kernels: new Map(),
      held: [],
      unacknowledged: 0,
      attempt,
    },
    commands: [...aborted(session), { type: 'connect', attempt: attempt + session.strikes }],
  }
}

function finishing(session: Session): Step {
  if (isGoing(session)) return only(session)
  const next: Session = { ...session, phase: 'finishing' }
  return then(paused(session, next), (state) =>
    dropped(state, (held) => held.assignment.assignmentId !== session.running, true),
  )
}

function stopped(session: Session): Step {
  if (!isLive(session)) return only({ ...session, phase: session.phase === 'unfit' ? 'stopped' : session.phase })
  if (session.phase === 'leaving') return left(session, 'stopped', undefined)
  return then(paused(session, { ...session, phase: 'leaving' }), (state) => dropped(state, () => true, true))
}

/** Before anything is handed back: else the Hub, which has nobody better, hands the same shards out here again. */
function paused(before: Session, next: Session): Step {
  const isKnown = [...before.kernels.values()].includes('accepted')
  if (!isKnown || isGoing(before)) return only(next)
  return { session: { ...next, unacknowledged: next.unacknowledged + 1 }, commands: [{ type: 'pause' }] }
}

/** The end: nothing is held any more and the connection closes. */
function left(session: Session, phase: 'unfit' | 'stopped' | 'refused', reason: string | undefined): Step {
  return {
    session: { ...session, phase, reason, held: [], unacknowledged: 0, kernels: new Map() },
    commands: [...aborted(session), { type: 'disconnect' }],
  }
}

const aborted = ({ running }: Session): readonly Command[] =>
  running === undefined ? [] : [{ type: 'abort', assignmentId: running }]

/** Lets go of some assignments: results in hand are answered and the rest handed back, unless the Hub took it away. */
function dropped(session: Session, which: (held: Held) => boolean, handback: boolean): Step {
  const gone = session.held.filter(which)
  const rest = { ...session, held: session.held.filter((held) => !which(held)) }
  const aborts = gone.some((held) => held.assignment.assignmentId === session.running) ? aborted(session) : []
  const start: Step = { session: rest, commands: aborts }
  const told = handback ? gone.reduce((done, held) => then(done, (state) => leaveOne(state, held)), start) : start
  return then(then(told, begun), drained)
}

function leaveOne(session: Session, held: Held): Step {
  return then(answered(session, held), (state) =>
    held.open.size > 0 ? handedBack(state, held.assignment) : only(state),
  )
}

function handedBack(session: Session, assignment: Assignment): Step {
  return {
    session: { ...session, unacknowledged: session.unacknowledged + 1 },
    commands: [{ type: 'handback', assignment }],
  }
}

/** Sends the results in hand; an assignment with nothing open any more is then done with. */
function answered(session: Session, held: Held): Step {
  const told = held.results.length > 0 ? held.computed : held.told
  const rest = { ...held, results: [], told }
  const next = rest.open.size > 0 ? replaced(session, rest) : removed(session, held)
  if (held.results.length === 0) return only(next)
  return {
    session: { ...next, unacknowledged: next.unacknowledged + 1 },
    commands: [{ type: 'answer', assignment: held.assignment, results: held.results }],
  }
}

/** An agent that goes is gone when nothing is held and the Hub has everything. */
function drained(session: Session): Step {
  const over = isGoing(session) && session.held.length === 0 && session.unacknowledged === 0
  return over ? left(session, 'stopped', undefined) : only(session)
}

const isGoing = ({ phase }: Session): boolean => phase === 'finishing' || phase === 'leaving'

const running = (session: Session, id: AssignmentId): Held | undefined =>
  session.running === id ? session.held.find((held) => held.assignment.assignmentId === id) : undefined

const replaced = (session: Session, next: Held): Session => ({
  ...session,
  held: session.held.map((held) => (held.assignment.assignmentId === next.assignment.assignmentId ? next : held)),
})

const removed = (session: Session, gone: Held): Session => ({
  ...session,
  held: session.held.filter((held) => held.assignment.assignmentId !== gone.assignment.assignmentId),
})

function without(shards: ReadonlySet<number>, shard: number): ReadonlySet<number> {
  const rest = new Set(shards)
  rest.delete(shard)
  return rest
}
